"""Create the tables of reviews.

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
        "reviews_review",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("variant_id", sa.Uuid, nullable=False),
        sa.Column("product_name", sa.String(300), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews_review")),
        sa.UniqueConstraint(
            "customer_id",
            "variant_id",
            name=op.f("uq_reviews_review_customer_id_variant_id"),
        ),
    )
    op.create_index(
        op.f("ix_reviews_review_customer_id_created_at_id"),
        "reviews_review",
        ["customer_id", "created_at", "id"],
    )
    op.create_index(
        op.f("ix_reviews_review_variant_id_created_at_id"),
        "reviews_review",
        ["variant_id", "created_at", "id"],
    )
    op.create_table(
        "reviews_buyer",
        sa.Column("customer_id", sa.Uuid, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_reviews_buyer")),
    )


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("reviews_buyer")
    op.drop_table("reviews_review")
