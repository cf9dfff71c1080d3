"""Add the keys that sign access tokens.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import Json, UtcDateTime

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade to 0004."""
    op.create_table(
        "users_signing_key",
        sa.Column("kid", sa.String(43), nullable=False),
        sa.Column("algorithm", sa.String(10), nullable=False),
        sa.Column("private_sealed", sa.LargeBinary, nullable=False),
        sa.Column("public_jwk", Json, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("signs_from", UtcDateTime, nullable=False),
        sa.Column("gone_at", UtcDateTime),
        sa.CheckConstraint(
            "algorithm IN ('EdDSA', 'ES256')", name=op.f("ck_users_signing_key_algorithm")
        ),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_users_signing_key")),
    )


def downgrade() -> None:
    """Downgrade from 0004; access tokens of stored keys become invalid, and are refreshed."""
    op.drop_table("users_signing_key")
