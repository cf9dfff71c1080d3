"""Create the tables of carts.

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
        "carts_cart",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=True),
        sa.Column("guest_token_hash", sa.CHAR(64), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("currency", sa.CHAR(3), nullable=False),
        sa.Column("codes", Json, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=True),
        sa.Column("merged_into", sa.Uuid, nullable=True),
        sa.Column("abandoned_at", UtcDateTime, nullable=True),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.CheckConstraint(
            "status IN ('open', 'ordered', 'merged')", name=op.f("ck_carts_cart_status_known")
        ),
        sa.CheckConstraint(
            "(status = 'ordered') = (order_id IS NOT NULL)",
            name=op.f("ck_carts_cart_order_of_an_ordered_cart"),
        ),
        sa.CheckConstraint(
            "(status = 'merged') = (merged_into IS NOT NULL)",
            name=op.f("ck_carts_cart_target_of_a_merged_cart"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts_cart")),
    )
    is_open = sa.text("status = 'open'")
    op.create_index(
        "uq_carts_cart_open",
        "carts_cart",
        ["customer_id"],
        unique=True,
        postgresql_where=is_open,
        sqlite_where=is_open,
    )
    op.create_index(op.f("ix_carts_cart_customer_id"), "carts_cart", ["customer_id"])
    op.create_index(op.f("ix_carts_cart_merged_into"), "carts_cart", ["merged_into"])
    op.create_index(op.f("ix_carts_cart_updated_at_id"), "carts_cart", ["updated_at", "id"])
    op.create_table(
        "carts_line",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("cart_id", sa.Uuid, nullable=False),
        sa.Column("product_id", sa.Uuid, nullable=False),
        sa.Column("variant_id", sa.Uuid, nullable=False),
        sa.Column("sku", sa.String(100), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("variant_name", sa.String(300), nullable=False),
        sa.Column("image_url", sa.String(2000), nullable=True),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("unit_amount", sa.BigInteger, nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_carts_line_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["carts_cart.id"], name=op.f("fk_carts_line_cart_id_carts_cart")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts_line")),
        sa.UniqueConstraint("cart_id", "variant_id", name=op.f("uq_carts_line_cart_id_variant_id")),
    )


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("carts_line")
    op.drop_table("carts_cart")
