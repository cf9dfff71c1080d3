"""Add what payments, captures, refunds and fulfilments need.

Revision: 0003
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NO_CHECK: dict[str, str] = {}

ADDED = [
    (
        "orders_order",
        "amount_canceled BIGINT DEFAULT '0' NOT NULL",
        {
            "canceled_within_rest": "amount_canceled >= 0 "
            "AND amount_paid + amount_canceled <= amount_total"
        },
    ),
    (
        "orders_order",
        "amount_canceled_tax BIGINT DEFAULT '0' NOT NULL",
        {
            "canceled_tax_within_canceled": "amount_canceled_tax >= 0 "
            "AND amount_canceled_tax <= amount_canceled"
        },
    ),
    ("orders_order", "cancel_sequence INTEGER DEFAULT '0' NOT NULL", NO_CHECK),
    ("orders_order", "fulfillment_sequence INTEGER DEFAULT '0' NOT NULL", NO_CHECK),
    ("orders_order", "refund_sequence INTEGER DEFAULT '0' NOT NULL", NO_CHECK),
    (
        "orders_line",
        "quantity_pending INTEGER DEFAULT '0' NOT NULL",
        {
            "pending_within_quantity": "quantity_pending >= 0 "
            "AND quantity_fulfilled + quantity_pending + quantity_canceled <= quantity",
            "returned_within_refunded": "quantity_returned <= quantity_refunded "
            "AND quantity_refunded <= quantity_fulfilled",
        },
    ),
    (
        "orders_payment",
        "amount_capture_pending BIGINT DEFAULT '0' NOT NULL",
        {
            "capture_within_amount": "amount_capture_pending >= 0 "
            "AND amount_captured + amount_capture_pending <= amount"
        },
    ),
    (
        "orders_payment",
        "amount_refund_pending BIGINT DEFAULT '0' NOT NULL",
        {
            "refund_within_captured": "amount_refund_pending >= 0 "
            "AND amount_refunded + amount_refund_pending <= amount_captured"
        },
    ),
    (
        "orders_payment",
        "capture VARCHAR(5) DEFAULT 'now' NOT NULL",
        {"capture_known": "capture IN ('now', 'later')"},
    ),
    (
        "orders_payment",
        "attention VARCHAR(20)",
        {
            "attention_known": "attention IN ('errors', 'no_answer', 'open_too_long', "
            "'mismatch', 'refused', 'misconfigured')"
        },
    ),
]
"""Columns with their checks, by table: SQLite takes a check only with a new column."""


def upgrade() -> None:
    """Upgrade from 0002 to 0003."""
    for table, column, checks in ADDED:
        named = (f"CONSTRAINT ck_{table}_{name} CHECK ({check})" for name, check in checks.items())
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {' '.join(named)}")
    op.add_column("orders_order", sa.Column("completed_at", UtcDateTime))
    for column in _payment_columns():
        op.add_column("orders_payment", column)
    _create_payment_indexes()
    _create_fulfillments()
    _create_captures()
    _create_refunds()
    _create_events()


def _payment_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("void_requested_at", UtcDateTime),
        sa.Column("next_action", Json),
        sa.Column("snapshot", Json),
        sa.Column("authorized_until", UtcDateTime),
        sa.Column("attention_since", UtcDateTime),
        *_called(),
    ]


def _leased() -> list[sa.Column[Any]]:
    return [
        sa.Column("leased_until", UtcDateTime),
        sa.Column("lease_id", sa.Uuid),
        sa.Column("next_attempt_at", UtcDateTime),
        sa.Column("attempts", sa.Integer, server_default="0", nullable=False),
    ]


def _called() -> list[sa.Column[Any]]:
    return [
        *_leased(),
        sa.Column("attempt_no", sa.Integer, server_default="1", nullable=False),
        sa.Column("errors", sa.Integer, server_default="0", nullable=False),
        sa.Column("last_error", sa.String(500)),
    ]


def _create_index(
    name: str, table: str, columns: Sequence[str], where: str, *, unique: bool = False
) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        list(columns),
        unique=unique,
        postgresql_where=condition,
        sqlite_where=condition,
    )


def _create_due(table: str, where: str = "next_attempt_at IS NOT NULL") -> None:
    _create_index(f"ix_{table}_due", table, ["next_attempt_at"], where)


def _create_payment_indexes() -> None:
    table = "orders_payment"
    _create_due(table)
    _create_index(
        "ix_orders_payment_authorized_until", table, ["authorized_until"], "status = 'authorized'"
    )
    _create_index(
        "ix_orders_payment_attention", table, ["attention_since"], "attention IS NOT NULL"
    )


def _create_fulfillments() -> None:
    op.create_table(
        "orders_fulfillment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("tracking_company", sa.String(100)),
        sa.Column("tracking_number", sa.String(100)),
        sa.Column("shipped_at", UtcDateTime),
        sa.Column("delivered_at", UtcDateTime),
        sa.Column("canceled_at", UtcDateTime),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'shipped', 'delivered', 'canceled')",
            name=op.f("ck_orders_fulfillment_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders_order.id"],
            name=op.f("fk_orders_fulfillment_order_id_orders_order"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_fulfillment")),
        sa.UniqueConstraint(
            "order_id", "sequence", name=op.f("uq_orders_fulfillment_order_id_sequence")
        ),
    )
    op.create_table(
        "orders_fulfillment_line",
        sa.Column("fulfillment_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "quantity > 0", name=op.f("ck_orders_fulfillment_line_quantity_positive")
        ),
        sa.ForeignKeyConstraint(
            ["fulfillment_id"],
            ["orders_fulfillment.id"],
            name=op.f("fk_orders_fulfillment_line_fulfillment_id_orders_fulfillment"),
        ),
        sa.ForeignKeyConstraint(
            ["line_id"],
            ["orders_line.id"],
            name=op.f("fk_orders_fulfillment_line_line_id_orders_line"),
        ),
        sa.PrimaryKeyConstraint(
            "fulfillment_id", "line_id", name=op.f("pk_orders_fulfillment_line")
        ),
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
        *_called(),
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
    _create_due("orders_capture")
    _create_index(
        "uq_orders_capture_pending",
        "orders_capture",
        ["payment_id"],
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
        *_called(),
        sa.CheckConstraint("amount > 0", name=op.f("ck_orders_refund_amount_positive")),
        sa.CheckConstraint(
            "amount_tax >= 0 AND amount_tax <= amount "
            "AND amount_shipping >= 0 AND amount_shipping <= amount",
            name=op.f("ck_orders_refund_parts_within_amount"),
        ),
        sa.CheckConstraint(
            "source IN ('request', 'cancellation', 'late_payment', 'provider')",
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
    _create_due("orders_refund")
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
        sa.Column("payment_id", sa.Uuid),
        sa.Column("reference", sa.String(255)),
        sa.Column("payload", Json),
        sa.Column("last_error", sa.String(500)),
        sa.Column("received_at", UtcDateTime, nullable=False),
        sa.Column("processed_at", UtcDateTime),
        *_leased(),
        sa.PrimaryKeyConstraint("provider", "event_id", name=op.f("pk_orders_payment_event")),
    )
    for column in ("payment_id", "received_at"):
        op.create_index(op.f(f"ix_orders_payment_event_{column}"), "orders_payment_event", [column])
    _create_due("orders_payment_event", "processed_at IS NULL")


def downgrade() -> None:
    """Downgrade from 0003 to 0002; captures, refunds and fulfilments are lost."""
    for table in (
        "orders_payment_event",
        "orders_refund_line",
        "orders_refund",
        "orders_capture",
        "orders_fulfillment_line",
        "orders_fulfillment",
    ):
        op.drop_table(table)
    for index in ("due", "authorized_until", "attention"):
        op.drop_index(f"ix_orders_payment_{index}", "orders_payment")
    for column in _payment_columns():
        op.drop_column("orders_payment", column.name)
    op.drop_column("orders_order", "completed_at")
    for table, column, _ in reversed(ADDED):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column.split()[0]}")
