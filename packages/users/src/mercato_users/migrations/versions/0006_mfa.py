"""Add challenges of second factors.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade to 0006."""
    op.create_table(
        "users_challenge",
        sa.Column("token_hash", sa.CHAR(64), nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("session_id", sa.Uuid),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_users_challenge")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users_user.id"],
            name=op.f("fk_users_challenge_user_id_users_user"),
            ondelete="CASCADE",
        ),
        sa.CheckConstraint(
            "purpose IN ('login', 'enroll', 'step_up')", name=op.f("ck_users_challenge_purpose")
        ),
    )
    op.create_index(op.f("ix_users_challenge_user_id"), "users_challenge", ["user_id"])
    op.create_index(op.f("ix_users_challenge_expires_at"), "users_challenge", ["expires_at"])


def downgrade() -> None:
    """Downgrade to the revision before; open challenges are lost."""
    op.drop_table("users_challenge")
