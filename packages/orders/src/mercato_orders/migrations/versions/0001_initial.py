"""Create the tables of orders.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "orders_counter",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_orders_counter")),
    )
    op.create_table(
        "orders_order",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("customer_id", sa.Uuid),
        sa.Column("customer_email", sa.String(254)),
        sa.Column("customer_email_key", sa.CHAR(64)),
        sa.Column("customer_name", sa.String(255)),
        sa.Column("guest_token_hash", sa.CHAR(64)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("payment_status", sa.String(20), nullable=False),
        sa.Column("fulfillment_status", sa.String(20), nullable=False),
        sa.Column("currency", sa.CHAR(3), nullable=False),
        sa.Column("amount_subtotal", sa.BigInteger, nullable=False),
        sa.Column("amount_discount", sa.BigInteger, nullable=False),
        sa.Column("amount_shipping", sa.BigInteger, nullable=False),
        sa.Column("amount_tax", sa.BigInteger, nullable=False),
        sa.Column("amount_total", sa.BigInteger, nullable=False),
        sa.Column("amount_paid", sa.BigInteger, nullable=False),
        sa.Column("amount_refunded", sa.BigInteger, nullable=False),
        sa.Column("amount_rounding", sa.BigInteger, nullable=False),
        sa.Column("tax_included", sa.Boolean, nullable=False),
        sa.Column("shipping_address", Json),
        sa.Column("billing_address", Json),
        sa.Column("note", sa.Text),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("placed_at", UtcDateTime, nullable=False),
        sa.Column("paid_at", UtcDateTime),
        sa.Column("canceled_at", UtcDateTime),
        sa.Column("cancel_reason", sa.String(500)),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.CheckConstraint(
            "fulfillment_status IN ('unfulfilled', 'partially_fulfilled', 'fulfilled', 'returned')",
            name=op.f("ck_orders_order_fulfillment_status_known"),
        ),
        sa.CheckConstraint(
            "payment_status IN ('unpaid', 'authorized', 'paid', 'partially_refunded', 'refunded')",
            name=op.f("ck_orders_order_payment_status_known"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'completed', 'canceled', 'expired')",
            name=op.f("ck_orders_order_status_known"),
        ),
        sa.CheckConstraint(
            "amount_paid <= amount_total", name=op.f("ck_orders_order_paid_within_total")
        ),
        sa.CheckConstraint(
            "amount_refunded <= amount_paid", name=op.f("ck_orders_order_refunded_within_paid")
        ),
        sa.CheckConstraint(
            "amount_subtotal >= 0 AND amount_discount >= 0 AND amount_shipping >= 0 AND "
            "amount_tax >= 0 AND amount_total >= 0 AND amount_paid >= 0 AND amount_refunded "
            ">= 0",
            name=op.f("ck_orders_order_amounts_not_negative"),
        ),
        sa.CheckConstraint(
            "amount_total = amount_subtotal - amount_discount + amount_shipping + CASE WHEN "
            "tax_included THEN 0 ELSE amount_tax END + amount_rounding",
            name=op.f("ck_orders_order_total_adds_up"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_order")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_order_number")),
    )
    op.create_index(
        op.f("ix_orders_order_customer_email_key"), "orders_order", ["customer_email_key"]
    )
    op.create_index(
        op.f("ix_orders_order_customer_id_created_at_id"),
        "orders_order",
        ["customer_id", "created_at", "id"],
    )
    op.create_index(
        op.f("ix_orders_order_payment_status_created_at_id"),
        "orders_order",
        ["payment_status", "created_at", "id"],
    )
    op.create_index(
        op.f("ix_orders_order_status_created_at_id"), "orders_order", ["status", "created_at", "id"]
    )
    op.create_index(
        "ix_orders_order_unpaid_expiry",
        "orders_order",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open' AND payment_status = 'unpaid'"),
        sqlite_where=sa.text("status = 'open' AND payment_status = 'unpaid'"),
    )
    op.create_table(
        "orders_event",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("is_public", sa.Boolean, nullable=False),
        sa.Column("actor_type", sa.String(20), nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("data", Json, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(
            "actor_type IN ('customer', 'guest', 'staff', 'system')",
            name=op.f("ck_orders_event_actor_type_known"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders_order.id"], name=op.f("fk_orders_event_order_id_orders_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_event")),
    )
    op.create_index(op.f("ix_orders_event_order_id_id"), "orders_event", ["order_id", "id"])
    op.create_table(
        "orders_line",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("product_id", sa.Uuid, nullable=False),
        sa.Column("variant_id", sa.Uuid, nullable=False),
        sa.Column("sku", sa.String(100), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("variant_name", sa.String(300), nullable=False),
        sa.Column("image_url", sa.String(2000)),
        sa.Column("tax_code", sa.String(50)),
        sa.Column("unit_amount", sa.BigInteger, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("amount_subtotal", sa.BigInteger, nullable=False),
        sa.Column("amount_discount", sa.BigInteger, nullable=False),
        sa.Column("tax_rate_ppm", sa.Integer, nullable=False),
        sa.Column("amount_tax", sa.BigInteger, nullable=False),
        sa.Column("amount_total", sa.BigInteger, nullable=False),
        sa.Column("requires_shipping", sa.Boolean, nullable=False),
        sa.Column("quantity_fulfilled", sa.Integer, nullable=False),
        sa.Column("quantity_canceled", sa.Integer, nullable=False),
        sa.Column("quantity_returned", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "amount_subtotal = unit_amount * quantity", name=op.f("ck_orders_line_subtotal_adds_up")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_orders_line_quantity_positive")),
        sa.CheckConstraint(
            "quantity_fulfilled + quantity_canceled <= quantity",
            name=op.f("ck_orders_line_fulfilled_within_quantity"),
        ),
        sa.CheckConstraint(
            "quantity_fulfilled >= 0 AND quantity_canceled >= 0 AND quantity_returned >= 0",
            name=op.f("ck_orders_line_quantities_not_negative"),
        ),
        sa.CheckConstraint(
            "quantity_returned <= quantity_fulfilled",
            name=op.f("ck_orders_line_returned_within_fulfilled"),
        ),
        sa.CheckConstraint(
            "unit_amount >= 0 AND amount_discount >= 0 AND amount_tax >= 0 AND amount_total >= 0",
            name=op.f("ck_orders_line_amounts_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders_order.id"], name=op.f("fk_orders_line_order_id_orders_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_orders_line_order_id_position")),
        sa.UniqueConstraint(
            "order_id", "variant_id", name=op.f("uq_orders_line_order_id_variant_id")
        ),
    )
    op.create_table(
        "orders_payment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("provider", sa.String(50), nullable=False),
        sa.Column("provider_payment_id", sa.String(255)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("amount_captured", sa.BigInteger, nullable=False),
        sa.Column("amount_refunded", sa.BigInteger, nullable=False),
        sa.Column("error_code", sa.String(100)),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.CheckConstraint(
            "status IN ('processing', 'requires_action', 'authorized', 'captured', 'failed', "
            "'canceled', 'refund_due', 'refunded')",
            name=op.f("ck_orders_payment_status_known"),
        ),
        sa.CheckConstraint(
            "amount >= 0 AND amount_refunded >= 0",
            name=op.f("ck_orders_payment_amounts_not_negative"),
        ),
        sa.CheckConstraint(
            "amount_captured <= amount", name=op.f("ck_orders_payment_captured_within_amount")
        ),
        sa.CheckConstraint(
            "amount_refunded <= amount_captured",
            name=op.f("ck_orders_payment_refunded_within_captured"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders_order.id"], name=op.f("fk_orders_payment_order_id_orders_order")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_payment")),
        sa.UniqueConstraint(
            "provider",
            "provider_payment_id",
            name=op.f("uq_orders_payment_provider_provider_payment_id"),
        ),
    )
    op.create_index(
        op.f("ix_orders_payment_order_id_created_at_id"),
        "orders_payment",
        ["order_id", "created_at", "id"],
    )
    op.create_index(
        "uq_orders_payment_active",
        "orders_payment",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text(
            "status IN ('processing', 'requires_action', 'authorized', 'captured')"
        ),
        sqlite_where=sa.text(
            "status IN ('processing', 'requires_action', 'authorized', 'captured')"
        ),
    )
    op.create_table(
        "orders_adjustment",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("line_id", sa.Uuid),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("code", sa.String(100)),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
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
    _start_numbers()


def _start_numbers() -> None:
    """Start order numbers at 1001: with a sequence on PostgreSQL, with a counter row elsewhere."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.CreateSequence(sa.Sequence("orders_number_seq", start=1001)))
    else:
        op.execute("INSERT INTO orders_counter (name, value) VALUES ('order', 1000)")


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("orders_adjustment")
    op.drop_table("orders_payment")
    op.drop_table("orders_line")
    op.drop_table("orders_event")
    op.drop_table("orders_order")
    op.drop_table("orders_counter")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.schema.DropSequence(sa.Sequence("orders_number_seq")))
