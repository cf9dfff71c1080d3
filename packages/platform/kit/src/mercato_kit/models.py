"""The kit's own tables, one set per database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db, keys
from mercato_kit.leases import Leased


class Base(DeclarativeBase):
    """Base of the kit's tables."""

    metadata = db.metadata("kit")
    type_annotation_map = db.TYPES


class IdempotencyKey(Leased, Base):
    """An idempotency key of a client, and the stored response.

    The lease is that of a request that waits for another machine.
    """

    __tablename__ = "kit_idempotency"
    __table_args__ = (sa.Index(None, "expires_at"),)

    scope: Mapped[str] = mapped_column(
        sa.String(160), primary_key=True, doc="Principal, method and route"
    )
    key: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(sa.CHAR(64), doc="SHA-256 of path and body")
    reference: Mapped[UUID | None] = mapped_column(doc="What a remote command has begun")
    response_status: Mapped[int | None]
    response_headers: Mapped[dict[str, Any] | None]
    response_body: Mapped[str | None] = mapped_column(sa.Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class OutboxEvent(Base):
    """A published event, written in the transaction of the change."""

    __tablename__ = "kit_outbox"
    __table_args__ = (sa.UniqueConstraint("topic", "aggregate_id", "aggregate_version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(sa.String(100))
    aggregate_type: Mapped[str] = mapped_column(sa.String(100))
    aggregate_id: Mapped[UUID]
    aggregate_version: Mapped[int]
    payload: Mapped[dict[str, Any]]
    payload_version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime]


class InboxDelivery(Leased, Base):
    """The delivery of an event to a handler."""

    __tablename__ = "kit_inbox"
    __table_args__ = (
        sa.Index(
            "ix_kit_inbox_due",
            "next_attempt_at",
            postgresql_where=sa.text("processed_at IS NULL"),
            sqlite_where=sa.text("processed_at IS NULL"),
        ),
        sa.Index(
            "ix_kit_inbox_waiting",
            "event_id",
            postgresql_where=sa.text("processed_at IS NULL"),
            sqlite_where=sa.text("processed_at IS NULL"),
        ),
    )

    consumer: Mapped[str] = mapped_column(
        sa.String(160), primary_key=True, doc="<feature>.<handler>"
    )
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.Text)
    next_attempt_at: Mapped[datetime]
    processed_at: Mapped[datetime | None]


class JobHistory(Leased, Base):
    """How often a job ran, in any worker; the lease is that of the one that runs it."""

    __tablename__ = "kit_job"

    job: Mapped[str] = mapped_column(sa.String(160), primary_key=True, doc="<feature>.<job>")
    succeeded: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    failed: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    last_succeeded_at: Mapped[datetime | None]
    last_failed_at: Mapped[datetime | None]


class Bucket(Base):
    """A bucket of a rate limit, see :mod:`mercato_kit.limits`; one that is full needs no row."""

    __tablename__ = "kit_bucket"
    __table_args__ = (sa.Index(None, "full_at"),)

    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True, doc="Kind, and a hash")
    full_at: Mapped[int] = mapped_column(sa.BigInteger, doc="Milliseconds since 1970")


class KnownFeature(Base):
    """A feature whose tables the database has or had, even if its wheel is uninstalled."""

    __tablename__ = "kit_ledger"

    feature: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    distribution: Mapped[str | None] = mapped_column(sa.String(200))
    wheel_version: Mapped[str | None] = mapped_column(sa.String(100))
    schema_head: Mapped[str] = mapped_column(sa.String(32))
    tables: Mapped[list[str]]
    revisions: Mapped[dict[str, Any]] = mapped_column(
        doc="Phase of each revision, and the oldest known wheel that has it"
    )
    referents: Mapped[dict[str, Any]] = mapped_column(
        doc="table.column of ids, by name, e.g. catalog.variant"
    )
    soft_references: Mapped[dict[str, Any]] = mapped_column(
        doc="Name and policy of references, by table.column"
    )
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(
        doc="When a wheel of the feature last ran its migrations"
    )
    purged_at: Mapped[datetime | None]


SUBJECT = "kit.subject"
"""The purpose that the subjects of requests are sealed for."""

LIVE = sa.text("status IN ('scheduled', 'running', 'waiting', 'failed')")
"""The condition that a request is open; the unique key of open requests has it, too."""


class PrivacyRequest(Leased, Base):
    """A request to export or erase the data of a person."""

    __tablename__ = "kit_privacy_request"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('export', 'erase')", name="kind"),
        sa.CheckConstraint(
            "status IN ('scheduled', 'running', 'waiting', 'failed', 'done', 'canceled')",
            name="status",
        ),
        sa.Index(
            "uq_kit_privacy_request_live",
            "kind",
            "subject_key",
            unique=True,
            postgresql_where=LIVE,
            sqlite_where=LIVE,
        ),
        sa.Index(None, "due_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=db.new_id)
    kind: Mapped[str] = mapped_column(sa.String(10))
    subject_sealed: Mapped[bytes | None] = mapped_column(
        keys.Sealed(SUBJECT), doc="NULL when the person was erased, or the export has expired"
    )
    subject_key: Mapped[str] = mapped_column(sa.CHAR(64), doc="HMAC of the subject")
    status: Mapped[str] = mapped_column(sa.String(10))
    actor: Mapped[str | None] = mapped_column(sa.String(100), doc="Who asked")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(doc="When it is worked on next")
    finished_at: Mapped[datetime | None]


class PrivacyStep(Base):
    """What one feature does for a request."""

    __tablename__ = "kit_privacy_step"
    __table_args__ = (
        sa.CheckConstraint(
            "status IN ('pending', 'done', 'nothing', 'waiting', 'failed', 'absent')",
            name="status",
        ),
    )

    request_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("kit_privacy_request.id", ondelete="CASCADE"), primary_key=True
    )
    feature: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    position: Mapped[int] = mapped_column(doc="The order in which steps run")
    status: Mapped[str] = mapped_column(sa.String(10), default="pending")
    attempts: Mapped[int] = mapped_column(default=0, doc="How often it failed")
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    retained: Mapped[list[dict[str, Any]]] = mapped_column(db.Json, default=list)
    error_code: Mapped[str | None] = mapped_column(sa.String(100))
    next_attempt_at: Mapped[datetime | None]


class PrivacyPart(Base):
    """Some items of a feature in an export."""

    __tablename__ = "kit_privacy_part"

    request_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("kit_privacy_request.id", ondelete="CASCADE"), primary_key=True
    )
    feature: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]


class Erasure(Base):
    """A thing whose data was erased, by id, so that it can be erased again after a restore."""

    __tablename__ = "kit_erasure"
    __table_args__ = (sa.Index(None, "erased_at"),)

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    feature: Mapped[str] = mapped_column(sa.String(30), primary_key=True)
    ref: Mapped[UUID] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]
