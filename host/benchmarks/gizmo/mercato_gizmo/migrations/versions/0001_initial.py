"""Items and their parts.

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
    """Go from nothing to 0001."""
    op.create_table(
        "gizmo_item",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("note", sa.String(1000)),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.CHAR(3), nullable=False),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.Column("metadata", Json, nullable=False, server_default="{}"),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_gizmo_item_amount_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gizmo_item")),
        sa.UniqueConstraint("code", name=op.f("uq_gizmo_item_code")),
    )
    op.create_index(op.f("ix_gizmo_item_status_created_at"), "gizmo_item", ["status", "created_at"])
    op.create_table(
        "gizmo_part",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("item_id", sa.Uuid, nullable=False),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_gizmo_part_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["gizmo_item.id"],
            name=op.f("fk_gizmo_part_item_id_gizmo_item"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gizmo_part")),
        sa.UniqueConstraint("item_id", "label", name=op.f("uq_gizmo_part_item_id_label")),
    )
