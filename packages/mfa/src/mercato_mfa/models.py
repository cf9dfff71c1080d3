"""Tables of mfa: authenticator apps, passkeys and recovery codes."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db, keys
from mercato_kit.db import Identified

SEALED_FOR = "mfa.totp"
"""The purpose of the key that seals secrets of authenticator apps."""


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("mfa")
    type_annotation_map = db.TYPES


class Totp(Identified, Base):
    """An authenticator app (RFC 6238). It counts once its owner has sent a code of it."""

    __tablename__ = "mfa_totp"
    __table_args__ = (sa.Index(None, "user_id"), sa.Index(None, "confirmed_at", "created_at"))

    user_id: Mapped[UUID]
    secret_sealed: Mapped[bytes] = mapped_column(keys.Sealed(SEALED_FOR))
    last_step: Mapped[int] = mapped_column(
        sa.BigInteger, default=0, doc="The time step of the last code that was used"
    )
    label: Mapped[str | None] = mapped_column(sa.String(60), doc="As its owner calls it")
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code that replaces a lost factor once. Only its hash is stored."""

    __tablename__ = "mfa_recovery_code"
    __table_args__ = (sa.Index(None, "user_id"),)

    code_hash: Mapped[str] = mapped_column(sa.CHAR(64), primary_key=True)
    user_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)
    used_at: Mapped[datetime | None]


class Passkey(Identified, Base):
    """A passkey (WebAuthn credential)."""

    __tablename__ = "mfa_passkey"
    __table_args__ = (sa.UniqueConstraint("credential_id"), sa.Index(None, "user_id"))

    user_id: Mapped[UUID]
    credential_id: Mapped[str] = mapped_column(sa.String(1400), doc="base64url")
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary, doc="COSE key")
    sign_count: Mapped[int] = mapped_column(
        sa.BigInteger, doc="Signatures that the authenticator had counted; 0 if it does not count"
    )
    backed_up: Mapped[bool] = mapped_column(
        doc="Whether its key may be on several devices, which count on their own"
    )
    transports: Mapped[list[str]] = mapped_column(doc="How browsers reach the authenticator")
    name: Mapped[str] = mapped_column(sa.String(60), doc="As its owner calls it")
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)
    used_at: Mapped[datetime | None]
