"""Add a version of the payload's format to events.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade from 0002 to 0003."""
    # The previous version of the kit does not know the column, so it needs a server default.
    op.add_column(
        "kit_outbox",
        sa.Column("payload_version", sa.Integer, nullable=False, server_default="1"),
    )


def downgrade() -> None:
    """Downgrade from 0003 to 0002."""
    op.drop_column("kit_outbox", "payload_version")
