"""Tables of other ways to an account: API keys, invitations, and files of accounts to import."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mercato_kit.db import Identified
from mercato_users.models.accounts import Base, Role, User

_LIVE = sa.text("accepted_at IS NULL AND revoked_at IS NULL")


class ApiKey(Identified, Base):
    """A key that programs send instead of an access token. Only its hash is stored."""

    __tablename__ = "users_api_key"
    __table_args__ = (
        sa.UniqueConstraint("key_hash"),
        sa.Index(None, "user_id", "created_at", "id"),
        sa.Index(None, "expires_at"),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(100), doc="What its owner calls it")
    start: Mapped[str] = mapped_column(sa.String(20), doc="The first characters, to recognise it")
    key_hash: Mapped[str] = mapped_column(sa.CHAR(64))
    scopes: Mapped[list[str]] = mapped_column(doc="Permissions that it has while its owner does")
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None] = mapped_column(doc="Written once in ten minutes")
    last_used_prefix: Mapped[str | None] = mapped_column(sa.String(50))
    revoked_at: Mapped[datetime | None]
    replaced_by: Mapped[UUID | None] = mapped_column(doc="The key that took its place")
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class Invitation(Identified, Base):
    """An invitation to an account with roles. Only the hash of its token is stored."""

    __tablename__ = "users_invitation"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.Index(
            "uq_users_invitation_email_canonical",
            "email_canonical",
            unique=True,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
        sa.Index(None, "created_at", "id"),
        sa.Index(None, "expires_at"),
    )

    email: Mapped[str] = mapped_column(sa.String(254))
    email_canonical: Mapped[str] = mapped_column(sa.String(254))
    token_hash: Mapped[str] = mapped_column(sa.CHAR(64))
    invited_by: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    roles: Mapped[list[Role]] = relationship(
        secondary="users_invitation_role", order_by=Role.name, viewonly=True
    )

    @property
    def role_names(self) -> list[str]:
        """The names of the roles that the account will have."""
        return [role.name for role in self.roles]


class InvitationRole(Base):
    """A role that an invited account will have."""

    __tablename__ = "users_invitation_role"
    __table_args__ = (sa.Index(None, "role_id"),)

    invitation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey(Invitation.id, ondelete="CASCADE"), primary_key=True
    )
    role_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey(Role.id, ondelete="CASCADE"), primary_key=True
    )


class Import(Identified, Base):
    """A file of accounts, and how far it has been imported."""

    __tablename__ = "users_import"
    __table_args__ = (sa.UniqueConstraint("file_sha256"),)

    file_sha256: Mapped[str] = mapped_column(sa.CHAR(64))
    offset: Mapped[int] = mapped_column(doc="Rows that were read")
    done: Mapped[int] = mapped_column(doc="Accounts that were made")
    failed: Mapped[int] = mapped_column(doc="Rows that were refused")
