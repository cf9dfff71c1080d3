"""Add buckets of rate limits.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade from 0005 to 0006."""
    op.create_table(
        "kit_bucket",
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("full_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_kit_bucket")),
    )
    op.create_index(op.f("ix_kit_bucket_full_at"), "kit_bucket", ["full_at"])


def downgrade() -> None:
    """Downgrade from 0006 to 0005; buckets are full again."""
    op.drop_table("kit_bucket")
