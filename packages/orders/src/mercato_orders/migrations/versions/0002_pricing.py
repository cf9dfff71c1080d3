"""Add what discounts, shipping and taxes need.

Revision: 0002
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ORDER_CHECKS = {
    "shipping_tax_within_tax": "amount_shipping_tax >= 0 AND amount_shipping_tax <= amount_tax"
}
LINE_CHECKS = {
    "discount_within_subtotal": "amount_discount <= amount_subtotal",
    "total_adds_up": "amount_total = amount_subtotal - amount_discount "
    "+ CASE WHEN tax_included THEN 0 ELSE amount_tax END",
}
REFUND_CHECKS = {
    "refunded_within_quantity": "quantity_refunded >= 0 AND quantity_refunded <= quantity"
}


def upgrade() -> None:
    """Upgrade from 0001 to 0002."""
    for column in _order_columns():
        op.add_column("orders_order", column)
    _add("orders_order", "amount_shipping_tax BIGINT DEFAULT '0' NOT NULL", ORDER_CHECKS)
    op.create_index(
        "uq_orders_order_source_reference", "orders_order", ["source_reference"], unique=True
    )
    _add("orders_line", "tax_included BOOLEAN DEFAULT false NOT NULL", LINE_CHECKS)
    _add("orders_line", "quantity_refunded INTEGER DEFAULT '0' NOT NULL", REFUND_CHECKS)
    # No version has written a row of it.
    op.drop_table("orders_adjustment")
    _create_adjustments(_adjustment_columns())
    op.create_table(
        "orders_pending_give_back",
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.String(100), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders_order.id"],
            name=op.f("fk_orders_pending_give_back_order_id_orders_order"),
        ),
        sa.PrimaryKeyConstraint("order_id", "provider", name=op.f("pk_orders_pending_give_back")),
    )


def _add(table: str, column: str, checks: dict[str, str]) -> None:
    """Add a column with its checks: SQLite takes a check only with a new column."""
    named = (f"CONSTRAINT ck_{table}_{name} CHECK ({check})" for name, check in checks.items())
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {' '.join(named)}")


def _order_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("tax_estimated", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.Column("tax_id", sa.String(50)),
        sa.Column("shipping_method", sa.String(200)),
        sa.Column("discount_providers", Json, server_default="[]", nullable=False),
        sa.Column("source_reference", sa.Uuid),
        sa.Column("locale", sa.String(35)),
    ]


def _adjustment_columns() -> list[sa.Column[Any] | sa.CheckConstraint]:
    return [
        sa.Column("target", sa.String(20), nullable=False),
        sa.Column("provider", sa.String(100), nullable=False),
        sa.Column("reduction_id", sa.String(200)),
        sa.Column("rate_ppm", sa.Integer),
        sa.Column("reason", sa.String(20)),
        sa.CheckConstraint(
            "target IN ('line', 'shipping', 'order')",
            name=op.f("ck_orders_adjustment_target_known"),
        ),
        sa.CheckConstraint(
            "(target = 'line') = (line_id IS NOT NULL)",
            name=op.f("ck_orders_adjustment_line_of_its_target"),
        ),
        sa.CheckConstraint(
            "CASE kind WHEN 'discount' THEN amount < 0 WHEN 'rounding' THEN true "
            "ELSE amount >= 0 END",
            name=op.f("ck_orders_adjustment_sign_of_its_kind"),
        ),
        sa.CheckConstraint("rate_ppm >= 0", name=op.f("ck_orders_adjustment_rate_not_negative")),
    ]


def _create_adjustments(more: Iterable[sa.Column[Any] | sa.CheckConstraint]) -> None:
    op.create_table(
        "orders_adjustment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("code", sa.String(100)),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        *more,
        sa.CheckConstraint(
            "kind IN ('discount', 'shipping', 'tax', 'fee', 'rounding')",
            name=op.f("ck_orders_adjustment_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["orders_line.id"], name=op.f("fk_orders_adjustment_line_id_orders_line")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders_order.id"],
            name=op.f("fk_orders_adjustment_order_id_orders_order"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_adjustment")),
    )
    op.create_index(op.f("ix_orders_adjustment_order_id"), "orders_adjustment", ["order_id"])


def downgrade() -> None:
    """Downgrade from 0002 to 0001; adjustments are lost."""
    op.drop_table("orders_pending_give_back")
    op.drop_table("orders_adjustment")
    _create_adjustments([])
    op.drop_index("uq_orders_order_source_reference", "orders_order")
    for column in ("quantity_refunded", "tax_included"):
        op.execute(f"ALTER TABLE orders_line DROP COLUMN {column}")
    for name in ("amount_shipping_tax", *(column.name for column in _order_columns())):
        op.drop_column("orders_order", name)
