"""Add what the law keeps of paid orders after the person's data was erased.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = "orders_fiscal_hold"


def upgrade() -> None:
    """Upgrade from 0005 to 0006."""
    op.create_table(
        TABLE,
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("body_sealed", sa.LargeBinary, nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders_order.id"], name=op.f(f"fk_{TABLE}_order_id_orders_order")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_until"), TABLE, ["until"])


def downgrade() -> None:
    """Downgrade from 0006 to 0005; what is held is lost."""
    op.drop_table(TABLE)
