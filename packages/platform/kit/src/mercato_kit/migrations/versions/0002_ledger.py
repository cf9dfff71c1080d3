"""Create the ledger of the features whose tables the database has or had.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade from 0001 to 0002."""
    op.create_table(
        "kit_ledger",
        sa.Column("feature", sa.String(30), nullable=False),
        sa.Column("distribution", sa.String(200)),
        sa.Column("wheel_version", sa.String(100)),
        sa.Column("schema_head", sa.String(32), nullable=False),
        sa.Column("tables", Json, nullable=False),
        sa.Column("revisions", Json, nullable=False),
        sa.Column("referents", Json, nullable=False),
        sa.Column("soft_references", Json, nullable=False),
        sa.Column("first_seen_at", UtcDateTime, nullable=False),
        sa.Column("last_seen_at", UtcDateTime, nullable=False),
        sa.Column("purged_at", UtcDateTime),
        sa.PrimaryKeyConstraint("feature", name=op.f("pk_kit_ledger")),
    )


def downgrade() -> None:
    """Downgrade from 0002 to 0001."""
    op.drop_table("kit_ledger")
