"""Create the tables of mfa.

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
        "mfa_totp",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("label", sa.String(60)),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("confirmed_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_totp")),
    )
    op.create_index(op.f("ix_mfa_totp_user_id"), "mfa_totp", ["user_id"])
    op.create_index(
        op.f("ix_mfa_totp_confirmed_at_created_at"), "mfa_totp", ["confirmed_at", "created_at"]
    )
    op.create_table(
        "mfa_recovery_code",
        sa.Column("code_hash", sa.CHAR(64), nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_mfa_recovery_code")),
    )
    op.create_index(op.f("ix_mfa_recovery_code_user_id"), "mfa_recovery_code", ["user_id"])
    op.create_table(
        "mfa_passkey",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("credential_id", sa.String(1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("backed_up", sa.Boolean, nullable=False),
        sa.Column("transports", Json, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mfa_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_mfa_passkey_credential_id")),
    )
    op.create_index(op.f("ix_mfa_passkey_user_id"), "mfa_passkey", ["user_id"])


def downgrade() -> None:
    """Drop all tables."""
    op.drop_table("mfa_passkey")
    op.drop_table("mfa_recovery_code")
    op.drop_table("mfa_totp")
