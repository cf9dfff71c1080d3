"""Add leases of idempotency keys, deliveries and jobs, and what a remote command has begun.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LEASED = ("kit_idempotency", "kit_inbox", "kit_job")


def upgrade() -> None:
    """Upgrade from 0004 to 0005."""
    op.add_column("kit_idempotency", sa.Column("reference", sa.Uuid))
    for table in _LEASED:
        op.add_column(table, sa.Column("leased_until", UtcDateTime))
        op.add_column(table, sa.Column("lease_id", sa.Uuid))


def downgrade() -> None:
    """Downgrade from 0005 to 0004."""
    for table in _LEASED:
        op.drop_column(table, "lease_id")
        op.drop_column(table, "leased_until")
    op.drop_column("kit_idempotency", "reference")
