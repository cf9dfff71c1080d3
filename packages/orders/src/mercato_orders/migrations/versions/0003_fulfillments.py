"""Add fulfilments, and what orders and lines count.

Revision: 0003
"""

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
]
"""Columns with their checks, by table: SQLite takes a check only with a new column."""


def upgrade() -> None:
    """Upgrade from 0002 to 0003."""
    for table, column, checks in ADDED:
        named = (f"CONSTRAINT ck_{table}_{name} CHECK ({check})" for name, check in checks.items())
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {' '.join(named)}")
    op.add_column("orders_order", sa.Column("completed_at", UtcDateTime))
    _create_fulfillments()


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


def downgrade() -> None:
    """Downgrade from 0003 to 0002; fulfilments are lost."""
    op.drop_table("orders_fulfillment_line")
    op.drop_table("orders_fulfillment")
    op.drop_column("orders_order", "completed_at")
    # The last one first: checks name columns that were added before.
    for table, column, _ in reversed(ADDED):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column.split()[0]}")
