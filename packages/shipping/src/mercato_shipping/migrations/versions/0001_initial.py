"""Create the tables of shipping.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime, sortable

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_AMOUNTS = "BETWEEN 0 AND 9007199254740991"


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "shipping_zone",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("code", sortable(50), nullable=False),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_zone")),
        sa.UniqueConstraint("code", name=op.f("uq_shipping_zone_code")),
    )
    op.create_index(op.f("ix_shipping_zone_created_at_id"), "shipping_zone", ["created_at", "id"])
    op.create_table(
        "shipping_zone_area",
        sa.Column("country", sortable(2), nullable=False),
        sa.Column("postal_prefix", sortable(10), nullable=False),
        sa.Column("zone_id", sa.Uuid, nullable=False),
        sa.CheckConstraint(
            "country <> '*' OR postal_prefix = ''", name=op.f("ck_shipping_zone_area_everywhere")
        ),
        sa.ForeignKeyConstraint(
            ["zone_id"],
            ["shipping_zone.id"],
            name=op.f("fk_shipping_zone_area_zone_id_shipping_zone"),
        ),
        sa.PrimaryKeyConstraint("country", "postal_prefix", name=op.f("pk_shipping_zone_area")),
    )
    op.create_index(op.f("ix_shipping_zone_area_zone_id"), "shipping_zone_area", ["zone_id"])
    op.create_table(
        "shipping_zone_method",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("zone_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("code", sa.String(50), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("tax_code", sa.String(50)),
        sa.Column("days_min", sa.Integer),
        sa.Column("days_max", sa.Integer),
        sa.CheckConstraint("days_min >= 0", name=op.f("ck_shipping_zone_method_days_min")),
        sa.CheckConstraint(
            "days_max >= coalesce(days_min, 0)", name=op.f("ck_shipping_zone_method_days_max")
        ),
        sa.ForeignKeyConstraint(
            ["zone_id"],
            ["shipping_zone.id"],
            name=op.f("fk_shipping_zone_method_zone_id_shipping_zone"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_zone_method")),
        sa.UniqueConstraint("zone_id", "code", name=op.f("uq_shipping_zone_method_zone_id_code")),
    )
    op.create_table(
        "shipping_zone_rate",
        sa.Column("method_id", sa.Uuid, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("currency", sa.CHAR(3), nullable=False),
        sa.Column("from_amount", sa.BigInteger, nullable=False),
        sa.Column("up_to_grams", sa.Integer),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.CheckConstraint(f"amount {_AMOUNTS}", name=op.f("ck_shipping_zone_rate_amount")),
        sa.CheckConstraint(
            f"from_amount {_AMOUNTS}", name=op.f("ck_shipping_zone_rate_from_amount")
        ),
        sa.CheckConstraint("up_to_grams > 0", name=op.f("ck_shipping_zone_rate_up_to_grams")),
        sa.ForeignKeyConstraint(
            ["method_id"],
            ["shipping_zone_method.id"],
            name=op.f("fk_shipping_zone_rate_method_id_shipping_zone_method"),
        ),
        sa.PrimaryKeyConstraint("method_id", "position", name=op.f("pk_shipping_zone_rate")),
        sa.UniqueConstraint(
            "method_id",
            "currency",
            "from_amount",
            "up_to_grams",
            name=op.f("uq_shipping_zone_rate_bracket"),
        ),
    )


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("shipping_zone_rate")
    op.drop_table("shipping_zone_method")
    op.drop_table("shipping_zone_area")
    op.drop_table("shipping_zone")
