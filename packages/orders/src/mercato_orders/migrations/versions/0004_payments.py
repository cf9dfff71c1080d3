"""Add what payments need: captures, refunds and the inbox of webhooks.

Revision: 0004
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


LONG_AGO = "2000-01-01T00:00:00.000000Z"
"""The times of payments from before, so that their provider is asked at once."""

ATTENTION = (
    "errors",
    "no_answer",
    "overdue",
    "mismatch",
    "refund_refused",
    "refund_failed",
    "void_refused",
    "capture_refused",
    "misconfigured",
)

ADDED = [
    (
        "amount_capture_pending BIGINT DEFAULT '0' NOT NULL",
        "capture_within_amount",
        "amount_capture_pending >= 0 AND amount_captured + amount_capture_pending <= amount",
    ),
    (
        "amount_refund_pending BIGINT DEFAULT '0' NOT NULL",
        "refund_within_captured",
        "amount_refund_pending >= 0 AND amount_refunded + amount_refund_pending <= amount_captured",
    ),
    ("capture VARCHAR(5) DEFAULT 'now' NOT NULL", "capture_known", "capture IN ('now', 'later')"),
    (
        "attention VARCHAR(20)",
        "attention_known",
        f"attention IN {ATTENTION}",
    ),
]
"""Columns of payments, each with a check: SQLite takes a check only with a new column."""

TO_CHECK = (
    "status IN ('processing', 'requires_action') "
    "OR (void_requested_at IS NOT NULL AND status IN ('authorized', 'refund_due'))"
)

PAYMENT_INDEXES = {
    "ix_orders_payment_to_check": (
        "next_check_at",
        TO_CHECK,
    ),
    "ix_orders_payment_authorized_until": ("authorized_until", "status = 'authorized'"),
    "ix_orders_payment_attention": ("attention_at", "attention IS NOT NULL"),
}


def upgrade() -> None:
    """Upgrade from 0003 to 0004."""
    for column, name, check in ADDED:
        named = f"CONSTRAINT ck_orders_payment_{name} CHECK ({check})"
        op.execute(f"ALTER TABLE orders_payment ADD COLUMN {column} {named}")
    for added in _payment_columns():
        op.add_column("orders_payment", added)
    # SQLite cannot drop a default.
    if op.get_bind().dialect.name == "postgresql":
        for name in ("next_check_at", "attempt_at"):
            op.alter_column("orders_payment", name, server_default=None)
    for name, (column, where) in PAYMENT_INDEXES.items():
        _create_index(name, "orders_payment", column, where)
    _create_captures()
    _create_refunds()
    _create_events()


def _payment_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("void_requested_at", UtcDateTime),
        sa.Column("next_action", Json),
        sa.Column("snapshot", Json),
        sa.Column("authorized_until", UtcDateTime),
        sa.Column("expiry_announced_at", UtcDateTime),
        sa.Column("expected_by", UtcDateTime),
        sa.Column("attention_at", UtcDateTime),
        *_checked(LONG_AGO),
    ]


def _leased() -> list[sa.Column[Any]]:
    return [sa.Column("leased_until", UtcDateTime), sa.Column("lease_id", sa.Uuid)]


def _checked(default: str | None = None) -> list[sa.Column[Any]]:
    return [
        *_leased(),
        sa.Column("next_check_at", UtcDateTime, server_default=default, nullable=False),
        sa.Column("checks", sa.Integer, server_default="0", nullable=False),
        sa.Column("errors", sa.Integer, server_default="0", nullable=False),
        sa.Column("last_error", sa.String(500)),
        sa.Column("unanswered_since", UtcDateTime),
        sa.Column("attempt_no", sa.Integer, server_default="1", nullable=False),
        sa.Column("attempt_at", UtcDateTime, server_default=default, nullable=False),
    ]


def _create_index(name: str, table: str, column: str, where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        [column],
        unique=unique,
        postgresql_where=condition,
        sqlite_where=condition,
    )


def _create_captures() -> None:
    op.create_table(
        "orders_capture",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("fulfillment_id", sa.Uuid),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("is_final", sa.Boolean, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provider_capture_id", sa.String(255)),
        sa.Column("error_code", sa.String(100)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        *_checked(),
        sa.CheckConstraint("amount > 0", name=op.f("ck_orders_capture_amount_positive")),
        sa.CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed')",
            name=op.f("ck_orders_capture_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["fulfillment_id"],
            ["orders_fulfillment.id"],
            name=op.f("fk_orders_capture_fulfillment_id_orders_fulfillment"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["orders_payment.id"],
            name=op.f("fk_orders_capture_payment_id_orders_payment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_capture")),
        sa.UniqueConstraint(
            "payment_id",
            "provider_capture_id",
            name=op.f("uq_orders_capture_payment_id_provider_capture_id"),
        ),
    )
    _create_index(
        "ix_orders_capture_to_check", "orders_capture", "next_check_at", "status = 'pending'"
    )
    _create_index(
        "uq_orders_capture_pending",
        "orders_capture",
        "payment_id",
        "status = 'pending'",
        unique=True,
    )


def _create_refunds() -> None:
    op.create_table(
        "orders_refund",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.Integer),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("amount_tax", sa.BigInteger, nullable=False),
        sa.Column("amount_shipping", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("provider_refund_id", sa.String(255)),
        sa.Column("error_code", sa.String(100)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        *_checked(),
        sa.CheckConstraint("amount > 0", name=op.f("ck_orders_refund_amount_positive")),
        sa.CheckConstraint(
            "amount_tax >= 0 AND amount_tax <= amount "
            "AND amount_shipping >= 0 AND amount_shipping <= amount",
            name=op.f("ck_orders_refund_parts_within_amount"),
        ),
        sa.CheckConstraint(
            "source IN ('staff', 'cancel', 'late_payment', 'dashboard')",
            name=op.f("ck_orders_refund_source_known"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed', 'canceled')",
            name=op.f("ck_orders_refund_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders_order.id"], name=op.f("fk_orders_refund_order_id_orders_order")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["orders_payment.id"],
            name=op.f("fk_orders_refund_payment_id_orders_payment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_refund")),
        sa.UniqueConstraint(
            "order_id", "sequence", name=op.f("uq_orders_refund_order_id_sequence")
        ),
        sa.UniqueConstraint(
            "payment_id",
            "provider_refund_id",
            name=op.f("uq_orders_refund_payment_id_provider_refund_id"),
        ),
    )
    _create_index(
        "ix_orders_refund_to_check", "orders_refund", "next_check_at", "status = 'pending'"
    )
    op.create_table(
        "orders_refund_line",
        sa.Column("refund_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "kind IN ('returned', 'kept', 'canceled')",
            name=op.f("ck_orders_refund_line_kind_known"),
        ),
        sa.CheckConstraint(
            "quantity > 0 AND amount >= 0", name=op.f("ck_orders_refund_line_values_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["orders_line.id"], name=op.f("fk_orders_refund_line_line_id_orders_line")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"],
            ["orders_refund.id"],
            name=op.f("fk_orders_refund_line_refund_id_orders_refund"),
        ),
        sa.PrimaryKeyConstraint("refund_id", "line_id", "kind", name=op.f("pk_orders_refund_line")),
    )


def _create_events() -> None:
    op.create_table(
        "orders_payment_event",
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("event_id", sa.String(255), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("body", sa.Text),
        sa.Column("snapshot", Json),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("processed_at", UtcDateTime),
        sa.Column("next_attempt_at", UtcDateTime, nullable=False),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
        sa.Column("last_error", sa.String(500)),
        *_leased(),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["orders_payment.id"],
            name=op.f("fk_orders_payment_event_payment_id_orders_payment"),
        ),
        sa.PrimaryKeyConstraint("provider", "event_id", name=op.f("pk_orders_payment_event")),
    )
    op.create_index(
        op.f("ix_orders_payment_event_payment_id"), "orders_payment_event", ["payment_id"]
    )
    _create_index(
        "ix_orders_payment_event_bodies",
        "orders_payment_event",
        "received_at",
        "body IS NOT NULL",
    )
    _create_index(
        "ix_orders_payment_event_due",
        "orders_payment_event",
        "next_attempt_at",
        "processed_at IS NULL",
    )


def downgrade() -> None:
    """Downgrade from 0004 to 0003; captures, refunds and events are lost."""
    for table in ("payment_event", "refund_line", "refund", "capture"):
        op.drop_table(f"orders_{table}")
    for name in PAYMENT_INDEXES:
        op.drop_index(name, "orders_payment")
    for added in _payment_columns():
        op.drop_column("orders_payment", added.name)
    for column, _, _ in ADDED:
        op.execute(f"ALTER TABLE orders_payment DROP COLUMN {column.split()[0]}")
