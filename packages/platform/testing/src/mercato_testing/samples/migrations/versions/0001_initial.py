"""Create the table of notes.

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
    """Upgrade to 0001."""
    op.create_table(
        "notes_note",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, nullable=False, server_default="{}"),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes_note")),
        sa.UniqueConstraint("text", name=op.f("uq_notes_note_text")),
        sa.CheckConstraint("stars BETWEEN 0 AND 5", name=op.f("ck_notes_note_stars_in_range")),
    )


def downgrade() -> None:
    """Remove 0001."""
    op.drop_table("notes_note")
