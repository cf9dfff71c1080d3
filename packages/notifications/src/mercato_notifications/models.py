"""The table of notifications: mails to send, and those that were sent."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db
from mercato_kit.leases import Leased


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("notifications")
    type_annotation_map = db.TYPES


STATUSES = ("pending", "sent", "failed", "uncertain")


class Message(db.Identified, Leased, Base):
    """A mail to one recipient. It is written from its template when it is sent."""

    __tablename__ = "notifications_message"
    __table_args__ = (
        sa.UniqueConstraint("dedupe_key"),
        sa.CheckConstraint("status IN ('pending', 'sent', 'failed', 'uncertain')", name="status"),
        sa.Index(None, "next_attempt_at"),
        sa.Index(None, "status", "id"),
        sa.Index(None, "created_at"),
        sa.Index(None, "subject_id"),
        sa.Index(None, "recipient_key"),
    )

    dedupe_key: Mapped[str] = mapped_column(sa.String(300), doc="Template and key")
    message_id: Mapped[str] = mapped_column(sa.String(300), doc="Without angle brackets")
    template: Mapped[str] = mapped_column(sa.String(100), doc="<feature>.<name>")
    recipient: Mapped[str] = mapped_column(sa.String(254), doc="As its owner wrote it")
    recipient_key: Mapped[str] = mapped_column(sa.String(254), doc="Canonical, to compare")
    locale: Mapped[str | None] = mapped_column(sa.String(35), doc="BCP 47")
    context: Mapped[dict[str, Any]] = mapped_column(doc="Values for the template, but no secrets")
    has_secrets: Mapped[bool] = mapped_column(
        doc="Its secrets are not stored, so only the handler of its event can send it"
    )
    subject_id: Mapped[UUID | None] = mapped_column(doc="The account that it is about")
    status: Mapped[str] = mapped_column(sa.String(20), default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    may_have_arrived: Mapped[bool] = mapped_column(
        default=False, doc="An attempt ended without an answer of the mail server"
    )
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        doc="When the worker sends it; NULL if it does not"
    )
    last_error: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)
    sent_at: Mapped[datetime | None]
