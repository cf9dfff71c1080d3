"""Create the tables of vouchers.

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
    _create_voucher()
    _create_redemption()


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("vouchers_redemption")
    op.drop_table("vouchers_voucher")


def _create_voucher() -> None:
    op.create_table(
        "vouchers_voucher",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("code", sa.String(64), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("ppm", sa.Integer, nullable=True),
        sa.Column("amounts", Json, nullable=False),
        sa.Column("minimum_amounts", Json, nullable=False),
        sa.Column("at_most_amounts", Json, nullable=False),
        sa.Column("product_ids", Json, nullable=False),
        sa.Column("category_ids", Json, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=True),
        sa.Column("valid_from", UtcDateTime, nullable=True),
        sa.Column("valid_until", UtcDateTime, nullable=True),
        sa.Column("max_redemptions", sa.Integer, nullable=True),
        sa.Column("max_redemptions_per_customer", sa.Integer, nullable=True),
        sa.Column("redeemed", sa.Integer, nullable=False),
        sa.Column("combinable", sa.Boolean, nullable=False),
        sa.Column("archived_at", UtcDateTime, nullable=True),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.CheckConstraint(
            "kind IN ('percent', 'amount', 'free_shipping')",
            name=op.f("ck_vouchers_voucher_kind_known"),
        ),
        sa.CheckConstraint(
            "(kind = 'percent') = (ppm IS NOT NULL) AND ppm BETWEEN 1 AND 1000000",
            name=op.f("ck_vouchers_voucher_ppm"),
        ),
        sa.CheckConstraint("valid_from < valid_until", name=op.f("ck_vouchers_voucher_validity")),
        sa.CheckConstraint(
            "redeemed BETWEEN 0 AND max_redemptions",
            name=op.f("ck_vouchers_voucher_redeemed_within_limit"),
        ),
        sa.CheckConstraint(
            "max_redemptions_per_customer > 0",
            name=op.f("ck_vouchers_voucher_limit_per_customer_positive"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers_voucher")),
        sa.UniqueConstraint("code", name=op.f("uq_vouchers_voucher_code")),
    )
    op.create_index(
        op.f("ix_vouchers_voucher_created_at_id"), "vouchers_voucher", ["created_at", "id"]
    )
    is_automatic = sa.text("code IS NULL AND archived_at IS NULL")
    op.create_index(
        "ix_vouchers_voucher_automatic",
        "vouchers_voucher",
        ["id"],
        postgresql_where=is_automatic,
        sqlite_where=is_automatic,
    )


def _create_redemption() -> None:
    op.create_table(
        "vouchers_redemption",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("reference", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("voucher_id", sa.Uuid, nullable=True),
        sa.Column("customer_id", sa.Uuid, nullable=True),
        sa.Column("customer_key", sa.CHAR(64), nullable=True),
        sa.Column("slot", sa.Integer, nullable=True),
        sa.Column("is_counted", sa.Boolean, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.CHAR(3), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("canceled_at", UtcDateTime, nullable=True),
        sa.CheckConstraint(
            "voucher_id IS NOT NULL OR canceled_at IS NOT NULL",
            name=op.f("ck_vouchers_redemption_voucher_or_mark"),
        ),
        sa.ForeignKeyConstraint(
            ["voucher_id"],
            ["vouchers_voucher.id"],
            name=op.f("fk_vouchers_redemption_voucher_id_vouchers_voucher"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouchers_redemption")),
        sa.UniqueConstraint(
            "reference", "position", name=op.f("uq_vouchers_redemption_reference_position")
        ),
        sa.UniqueConstraint(
            "voucher_id",
            "customer_key",
            "slot",
            name=op.f("uq_vouchers_redemption_voucher_id_customer_key_slot"),
        ),
    )
    op.create_index(
        op.f("ix_vouchers_redemption_voucher_id_created_at_id"),
        "vouchers_redemption",
        ["voucher_id", "created_at", "id"],
    )
    op.create_index(
        op.f("ix_vouchers_redemption_customer_id"), "vouchers_redemption", ["customer_id"]
    )
