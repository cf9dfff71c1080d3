"""The shape of an event's payload has a version.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go from 0002 to 0003."""
    # The default also serves the version before, which does not know the column.
    op.add_column(
        "kit_outbox",
        sa.Column("payload_version", sa.Integer, nullable=False, server_default="1"),
    )


def downgrade() -> None:
    """Go back from 0003 to 0002."""
    op.drop_column("kit_outbox", "payload_version")
