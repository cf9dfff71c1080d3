"""Add the history of jobs, and an index for the oldest event that waits.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade from 0003 to 0004."""
    op.create_table(
        "kit_job",
        sa.Column("job", sa.String(160), nullable=False),
        sa.Column("succeeded", sa.BigInteger, nullable=False),
        sa.Column("failed", sa.BigInteger, nullable=False),
        sa.Column("last_succeeded_at", UtcDateTime),
        sa.Column("last_failed_at", UtcDateTime),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_kit_job")),
    )
    op.create_index(
        "ix_kit_inbox_waiting",
        "kit_inbox",
        ["event_id"],
        postgresql_where=sa.text("processed_at IS NULL"),
        sqlite_where=sa.text("processed_at IS NULL"),
    )


def downgrade() -> None:
    """Downgrade from 0004 to 0003."""
    op.drop_index("ix_kit_inbox_waiting", "kit_inbox")
    op.drop_table("kit_job")
