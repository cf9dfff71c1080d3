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

_INDEXES = (
    ("author_id", "created_at", "id"),
    ("product_id", "status", "created_at", "id"),
    ("product_id", "status", "rating", "id"),
    ("status", "created_at", "id"),
    ("status", "rating", "id"),
)


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "reviews_review",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("product_id", sa.Uuid, nullable=False),
        sa.Column("author_id", sa.Uuid, nullable=False),
        sa.Column("author_name", sa.String(100), nullable=True),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=True),
        sa.Column("text", sa.String(5000), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("hidden_reason", sa.String(500), nullable=True),
        sa.Column("version", sa.Integer, server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, server_default="{}", nullable=False),
        sa.CheckConstraint(
            "rating BETWEEN 1 AND 5", name=op.f("ck_reviews_review_rating_in_range")
        ),
        sa.CheckConstraint(
            "status IN ('published', 'hidden')", name=op.f("ck_reviews_review_status_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews_review")),
        sa.UniqueConstraint(
            "author_id", "product_id", name=op.f("uq_reviews_review_author_id_product_id")
        ),
    )
    for columns in _INDEXES:
        name = f"ix_reviews_review_{'_'.join(columns)}"
        op.create_index(op.f(name), "reviews_review", list(columns))
    op.create_table(
        "reviews_summary",
        sa.Column("product_id", sa.Uuid, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("rating_sum", sa.Integer, nullable=False),
        sa.CheckConstraint("count >= 0", name=op.f("ck_reviews_summary_count_not_negative")),
        sa.CheckConstraint(
            "rating_sum BETWEEN count AND count * 5",
            name=op.f("ck_reviews_summary_rating_sum_in_range"),
        ),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_reviews_summary")),
    )


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("reviews_summary")
    op.drop_table("reviews_review")
