"""The kit's own tables, one set per database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db
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
