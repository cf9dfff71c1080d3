"""Create the table of tax rates.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime, sortable

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "taxes_rate",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("country", sortable(2), nullable=False),
        sa.Column("region", sa.String(50), nullable=False),
        sa.Column("tax_code", sa.String(50), nullable=False),
        sa.Column("code", sa.String(50), nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("ppm", sa.Integer, nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("valid_from", UtcDateTime, nullable=False),
        sa.Column("valid_until", UtcDateTime),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.CheckConstraint("ppm BETWEEN 0 AND 10000000", name=op.f("ck_taxes_rate_ppm")),
        sa.CheckConstraint(
            "reason IN ('standard', 'reduced') OR (reason IN ('zero', 'exempt') AND ppm = 0)",
            name=op.f("ck_taxes_rate_reason"),
        ),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_taxes_rate_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taxes_rate")),
        sa.UniqueConstraint(
            "country",
            "region",
            "tax_code",
            "code",
            "valid_from",
            name=op.f("uq_taxes_rate_country_region_tax_code_code_valid_from"),
        ),
    )
    op.create_index(op.f("ix_taxes_rate_country_id"), "taxes_rate", ["country", "id"])
    op.create_index(op.f("ix_taxes_rate_created_at_id"), "taxes_rate", ["created_at", "id"])


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("taxes_rate")
