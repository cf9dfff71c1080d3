"""Create the table of effects.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade from 0001 to 0002."""
    op.create_table(
        "notes_effect",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("handler", sa.String(40), nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes_effect")),
    )


def downgrade() -> None:
    """Downgrade from 0002 to 0001."""
    op.drop_table("notes_effect")
