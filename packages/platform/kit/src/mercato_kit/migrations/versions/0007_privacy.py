"""Add requests to export or erase the data of a person.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_LIVE = sa.text("status IN ('scheduled', 'running', 'waiting', 'failed')")


def upgrade() -> None:
    """Upgrade from 0006 to 0007."""
    op.create_table(
        "kit_privacy_request",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("subject_sealed", sa.LargeBinary),
        sa.Column("subject_key", sa.CHAR(64), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("actor", sa.String(100)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime),
        sa.Column("finished_at", UtcDateTime),
        sa.Column("leased_until", UtcDateTime),
        sa.Column("lease_id", sa.Uuid),
        sa.CheckConstraint("kind IN ('export', 'erase')", name=op.f("ck_kit_privacy_request_kind")),
        sa.CheckConstraint(
            "status IN ('scheduled', 'running', 'waiting', 'failed', 'done', 'canceled')",
            name=op.f("ck_kit_privacy_request_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_privacy_request")),
    )
    op.create_index(
        "uq_kit_privacy_request_live",
        "kit_privacy_request",
        ["kind", "subject_key"],
        unique=True,
        postgresql_where=_LIVE,
        sqlite_where=_LIVE,
    )
    op.create_index(op.f("ix_kit_privacy_request_due_at"), "kit_privacy_request", ["due_at"])
    op.create_table(
        "kit_privacy_step",
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("feature", sa.String(30), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("retained", Json, nullable=False),
        sa.Column("error_code", sa.String(100)),
        sa.Column("next_attempt_at", UtcDateTime),
        sa.CheckConstraint(
            "status IN ('pending', 'done', 'nothing', 'waiting', 'failed', 'absent')",
            name=op.f("ck_kit_privacy_step_status"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["kit_privacy_request.id"],
            name=op.f("fk_kit_privacy_step_request_id_kit_privacy_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("request_id", "feature", name=op.f("pk_kit_privacy_step")),
    )
    op.create_table(
        "kit_privacy_part",
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("feature", sa.String(30), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["kit_privacy_request.id"],
            name=op.f("fk_kit_privacy_part_request_id_kit_privacy_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "request_id", "feature", "sequence", name=op.f("pk_kit_privacy_part")
        ),
    )
    op.create_table(
        "kit_erasure",
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("feature", sa.String(30), nullable=False),
        sa.Column("ref", sa.Uuid, nullable=False),
        sa.Column("erased_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("request_id", "feature", "ref", name=op.f("pk_kit_erasure")),
    )
    op.create_index(op.f("ix_kit_erasure_erased_at"), "kit_erasure", ["erased_at"])


def downgrade() -> None:
    """Downgrade from 0007 to 0006."""
    op.drop_table("kit_erasure")
    op.drop_table("kit_privacy_part")
    op.drop_table("kit_privacy_step")
    op.drop_table("kit_privacy_request")
