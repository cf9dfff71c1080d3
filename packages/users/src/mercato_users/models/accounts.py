"""Tables of users: accounts, addresses, sessions, tokens, roles, rate limits and audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from mercato_kit import db
from mercato_kit.composition import current_composition
from mercato_kit.db import Aggregate, Identified
from mercato_kit.keys import Sealed
from mercato_users import devices

ADMIN = "admin"
"""The role that holds every permission declared by the features of the deployment."""


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("users")
    type_annotation_map = db.TYPES


class User(Aggregate, Base):
    """An account of a person, or of a program, which has API keys only.

    Names are those of the OpenID Connect standard claims.
    """

    __tablename__ = "users_user"
    __table_args__ = (
        sa.UniqueConstraint("email_canonical"),
        sa.CheckConstraint("status IN ('active', 'suspended', 'closing', 'erased')", name="status"),
        sa.CheckConstraint("kind IN ('person', 'service')", name="kind"),
        sa.Index(None, "status", "created_at", "id"),
        sa.Index(None, "kind", "created_at", "id"),
    )

    kind: Mapped[str] = mapped_column(sa.String(20), default="person", server_default="person")
    email: Mapped[str] = mapped_column(
        sa.String(254), doc="As entered by its owner; that of a service gets no mail"
    )
    email_canonical: Mapped[str] = mapped_column(sa.String(254), doc="Canonical form, to compare")
    email_verified_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    given_name: Mapped[str | None] = mapped_column(sa.String(100))
    family_name: Mapped[str | None] = mapped_column(sa.String(100))
    phone_number: Mapped[str | None] = mapped_column(sa.String(20), doc="E.164")
    locale: Mapped[str | None] = mapped_column(sa.String(35), doc="BCP 47")
    status: Mapped[str] = mapped_column(sa.String(20), default="active")
    token_epoch: Mapped[int] = mapped_column(
        default=0, doc="Access tokens of an earlier epoch are void"
    )
    credential_epoch: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="Links mailed in an earlier epoch are void"
    )
    has_factor: Mapped[bool] = mapped_column(
        default=False, server_default=sa.false(), doc="Has a second factor"
    )
    last_login_at: Mapped[datetime | None]

    roles: Mapped[list["Role"]] = relationship(
        secondary="users_user_role", order_by="Role.name", viewonly=True
    )

    @property
    def email_verified(self) -> bool:
        """Whether the owner has opened a link that was mailed to the address."""
        return self.email_verified_at is not None

    @property
    def role_names(self) -> list[str]:
        """The names of the roles that the user has."""
        return [role.name for role in self.roles]


class Address(Aggregate, Base):
    """A postal address in the address book of a user."""

    __tablename__ = "users_address"
    __table_args__ = (
        sa.Index(None, "user_id", "created_at", "id"),
        *(
            sa.Index(
                f"uq_users_address_{default}",
                "user_id",
                unique=True,
                postgresql_where=sa.text(default),
                sqlite_where=sa.text(default),
            )
            for default in ("is_default_shipping", "is_default_billing")
        ),
    )

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(sa.String(200), doc="Who lives or works there")
    line1: Mapped[str] = mapped_column(sa.String(200))
    line2: Mapped[str | None] = mapped_column(sa.String(200))
    city: Mapped[str] = mapped_column(sa.String(100))
    region: Mapped[str | None] = mapped_column(sa.String(100))
    postal_code: Mapped[str | None] = mapped_column(sa.String(20))
    country: Mapped[str] = mapped_column(sa.CHAR(2), doc="ISO 3166-1 alpha-2")
    phone_number: Mapped[str | None] = mapped_column(sa.String(20), doc="E.164")
    is_default_shipping: Mapped[bool] = mapped_column(default=False)
    is_default_billing: Mapped[bool] = mapped_column(default=False)


class Device(Identified, Base):
    """A device on which a user has logged in: strangers cannot use up its attempts."""

    __tablename__ = "users_device"
    __table_args__ = (sa.UniqueConstraint("token_hash"), sa.Index(None, "user_id", "used_at"))

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(sa.CHAR(64))
    epoch: Mapped[int] = mapped_column(doc="The user's credential epoch when it became known")
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str | None] = mapped_column(sa.String(200))
    ip_prefix: Mapped[str | None] = mapped_column(sa.String(50))
    revoked_at: Mapped[datetime | None]


class Session(Identified, Base):
    """A login session with its chain of refresh tokens."""

    __tablename__ = "users_session"
    __table_args__ = (sa.Index(None, "user_id", "revoked_at"), sa.Index(None, "expires_at"))

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoke_reason: Mapped[str | None] = mapped_column(sa.String(40))
    user_agent: Mapped[str | None] = mapped_column(sa.String(200))
    ip_prefix: Mapped[str | None] = mapped_column(sa.String(50), doc="Network, not the address")
    amr: Mapped[list[str]] = mapped_column(doc="Authentication methods (RFC 8176)")
    acr: Mapped[int] = mapped_column(
        default=1, server_default="1", doc="1 with one factor, 2 with a second one"
    )
    auth_time: Mapped[datetime] = mapped_column(doc="When the user last proved its identity")
    idle_expires_at: Mapped[datetime] = mapped_column(doc="When it ends if it is not refreshed")
    device_id: Mapped[UUID | None] = mapped_column(doc="The known device that it was begun on")
    device_name: Mapped[str | None] = mapped_column(sa.String(60), doc="As the client calls it")

    @property
    def device(self) -> str | None:
        """What the user knows the device by: its name, or browser and system."""
        return self.device_name or devices.describe(self.user_agent)


class RefreshToken(Base):
    """A refresh token of a session. Only its hash is stored."""

    __tablename__ = "users_refresh_token"
    __table_args__ = (sa.UniqueConstraint("session_id", "generation"),)

    token_hash: Mapped[str] = mapped_column(sa.CHAR(64), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Session.id, ondelete="CASCADE"))
    generation: Mapped[int]
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class OneTimeToken(Base):
    """The token of a mailed link. Only its hash is stored."""

    __tablename__ = "users_one_time_token"
    __table_args__ = (sa.Index(None, "user_id", "purpose"), sa.Index(None, "expires_at"))

    token_hash: Mapped[str] = mapped_column(sa.CHAR(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(sa.String(20))
    epoch: Mapped[int] = mapped_column(
        default=0, server_default="0", doc="The user's credential epoch when it was made"
    )
    data: Mapped[dict[str, Any]] = mapped_column(
        default=dict, doc="Applied to the account when it is used"
    )
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Challenge(Base):
    """What a user answers with a second factor, once and soon. Only the hash of it is stored."""

    __tablename__ = "users_challenge"
    __table_args__ = (
        sa.CheckConstraint("purpose IN ('login', 'enroll', 'step_up')", name="purpose"),
        sa.Index(None, "user_id"),
        sa.Index(None, "expires_at"),
    )

    token_hash: Mapped[str] = mapped_column(sa.CHAR(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(sa.String(20))
    session_id: Mapped[UUID | None] = mapped_column(doc="The session that asked; none for a login")
    epoch: Mapped[int] = mapped_column(doc="The user's credential epoch when it was made")
    tries: Mapped[int] = mapped_column(default=0, doc="Answers that were sent")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict, doc="What the login has sent")
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class StoredSigningKey(Base):
    """A key that signs access tokens, from a rotation; without one, keys are derived."""

    __tablename__ = "users_signing_key"
    __table_args__ = (sa.CheckConstraint("algorithm IN ('EdDSA', 'ES256')", name="algorithm"),)

    kid: Mapped[str] = mapped_column(sa.String(43), primary_key=True, doc="Thumbprint (RFC 7638)")
    algorithm: Mapped[str] = mapped_column(sa.String(10), doc="As in JWTs (RFC 8037)")
    private_sealed: Mapped[bytes] = mapped_column(Sealed("users.signing_key"))
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    signs_from: Mapped[datetime] = mapped_column(doc="Until another one signs")
    gone_at: Mapped[datetime | None] = mapped_column(doc="When its tokens become invalid")


class Role(Identified, Base):
    """A named set of permissions."""

    __tablename__ = "users_role"
    __table_args__ = (sa.UniqueConstraint("name"),)

    name: Mapped[str] = mapped_column(db.sortable(50))
    is_system: Mapped[bool] = mapped_column(
        default=False, doc="Holds every declared permission; cannot be changed"
    )
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    metadata_: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict, server_default="{}")

    grants: Mapped[list["RolePermission"]] = relationship(
        order_by="RolePermission.permission", viewonly=True
    )

    @property
    def permissions(self) -> list[str]:
        """The permissions that the role gives: declared ones."""
        declared = current_composition().permissions
        held = declared if self.is_system else declared & {one.permission for one in self.grants}
        return sorted(held)

    @property
    def dormant_permissions(self) -> list[str]:
        """The stored permissions that no feature declares now, so that they give nothing."""
        stored = {one.permission for one in self.grants}
        return sorted(stored - current_composition().permissions)


class RolePermission(Base):
    """A permission that a role holds."""

    __tablename__ = "users_role_permission"

    role_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey(Role.id, ondelete="CASCADE"), primary_key=True
    )
    permission: Mapped[str] = mapped_column(sa.String(100), primary_key=True)


class UserRole(Base):
    """A role that a user has."""

    __tablename__ = "users_user_role"
    __table_args__ = (sa.Index(None, "role_id"),)

    user_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey(User.id, ondelete="CASCADE"), primary_key=True
    )
    role_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Role.id), primary_key=True)


class LoginAttempt(Base):
    """Number of attempts under one key in one time step, for rate limits."""

    __tablename__ = "users_login_attempt"
    __table_args__ = (sa.Index(None, "window_start"),)

    key: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class AuditEvent(Identified, Base):
    """A security event of an account."""

    __tablename__ = "users_audit_event"
    __table_args__ = (
        sa.Index(None, "user_id", "created_at", "id"),
        sa.Index(None, "created_at", "id"),
    )

    user_id: Mapped[UUID | None] = mapped_column(doc="The account; none for a change of a role")
    actor_id: Mapped[UUID | None] = mapped_column(doc="Who did it; none for the system")
    request_id: Mapped[str | None] = mapped_column(sa.String(128))
    session_id: Mapped[UUID | None]
    key_id: Mapped[UUID | None]
    type: Mapped[str] = mapped_column(sa.String(50))
    ip_prefix: Mapped[str | None] = mapped_column(sa.String(50))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)

    @property
    def by(self) -> str:
        """Who did it, for the owner of the account: ``you``, ``staff`` or ``system``."""
        if self.actor_id is None:
            return "system"
        return "you" if self.actor_id == self.user_id else "staff"
