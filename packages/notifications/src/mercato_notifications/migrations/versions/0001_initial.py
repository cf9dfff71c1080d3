"""Create the table of notifications.

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
    ("next_attempt_at",),
    ("status", "id"),
    ("created_at",),
    ("subject_id",),
    ("recipient_key",),
)


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "notifications_message",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("dedupe_key", sa.String(300), nullable=False),
        sa.Column("message_id", sa.String(300), nullable=False),
        sa.Column("template", sa.String(100), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("recipient_key", sa.String(254), nullable=False),
        sa.Column("locale", sa.String(35), nullable=True),
        sa.Column("context", Json, nullable=False),
        sa.Column("has_secrets", sa.Boolean, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("may_have_arrived", sa.Boolean, nullable=False),
        sa.Column("next_attempt_at", UtcDateTime, nullable=True),
        sa.Column("last_error", sa.String(500), nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("leased_until", UtcDateTime, nullable=True),
        sa.Column("lease_id", sa.Uuid, nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'sent', 'failed', 'uncertain')",
            name=op.f("ck_notifications_message_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notifications_message_dedupe_key")),
    )
    for columns in _INDEXES:
        name = f"ix_notifications_message_{'_'.join(columns)}"
        op.create_index(op.f(name), "notifications_message", list(columns))


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("notifications_message")
