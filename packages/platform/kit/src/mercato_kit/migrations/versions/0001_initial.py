"""Create the kit's tables: idempotency keys, outbox and inbox.

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
        "kit_idempotency",
        sa.Column("scope", sa.String(160), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("request_hash", sa.CHAR(64), nullable=False),
        sa.Column("response_status", sa.Integer),
        sa.Column("response_headers", Json),
        sa.Column("response_body", sa.Text),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_kit_idempotency")),
    )
    op.create_index(op.f("ix_kit_idempotency_expires_at"), "kit_idempotency", ["expires_at"])
    op.create_table(
        "kit_outbox",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("topic", sa.String(100), nullable=False),
        sa.Column("aggregate_type", sa.String(100), nullable=False),
        sa.Column("aggregate_id", sa.Uuid, nullable=False),
        sa.Column("aggregate_version", sa.Integer, nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_outbox")),
        sa.UniqueConstraint(
            "topic",
            "aggregate_id",
            "aggregate_version",
            name=op.f("uq_kit_outbox_topic_aggregate_id_aggregate_version"),
        ),
    )
    op.create_table(
        "kit_inbox",
        sa.Column("consumer", sa.String(160), nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("next_attempt_at", UtcDateTime, nullable=False),
        sa.Column("processed_at", UtcDateTime),
        sa.PrimaryKeyConstraint("consumer", "event_id", name=op.f("pk_kit_inbox")),
    )
    op.create_index(
        "ix_kit_inbox_due",
        "kit_inbox",
        ["next_attempt_at"],
        postgresql_where=sa.text("processed_at IS NULL"),
        sqlite_where=sa.text("processed_at IS NULL"),
    )


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("kit_inbox")
    op.drop_table("kit_outbox")
    op.drop_table("kit_idempotency")
