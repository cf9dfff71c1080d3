"""Add the words that orders are found by, and an index of the time of their creation.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import sortable

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Upgrade from 0004 to 0005."""
    op.create_table(
        "orders_search_word",
        sa.Column("word", sortable(40), nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["orders_order.id"],
            name=op.f("fk_orders_search_word_order_id_orders_order"),
        ),
        sa.PrimaryKeyConstraint("word", "order_id", name=op.f("pk_orders_search_word")),
    )
    op.create_index(op.f("ix_orders_search_word_order_id"), "orders_search_word", ["order_id"])
    op.create_index(op.f("ix_orders_order_created_at_id"), "orders_order", ["created_at", "id"])


def downgrade() -> None:
    """Downgrade from 0005 to 0004."""
    op.drop_index(op.f("ix_orders_order_created_at_id"), "orders_order")
    op.drop_table("orders_search_word")
