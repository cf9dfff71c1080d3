"""Add the kind ``unship`` to the ledger: units of a canceled fulfilment.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

from mercato_kit.db import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "products_stock_movement"
OLD_KINDS = ("receipt", "adjustment", "reserve", "release", "ship", "restock")
NEW_KINDS = ("receipt", "adjustment", "reserve", "release", "ship", "unship", "restock")


def upgrade() -> None:
    """Upgrade from 0001 to 0002."""
    _allow(NEW_KINDS)


def downgrade() -> None:
    """Downgrade from 0002 to 0001; fails if the ledger has a movement of the new kind."""
    _allow(OLD_KINDS)


def _allow(kinds: tuple[str, ...]) -> None:
    allowed = f"kind IN ({', '.join(repr(kind) for kind in kinds)})"
    name = op.f(f"ck_{TABLE}_kind")
    if op.get_bind().dialect.name == "sqlite":
        _copy(sa.CheckConstraint(allowed, name=name))
    else:
        op.drop_constraint(name, TABLE, type_="check")
        op.create_check_constraint(name, TABLE, allowed)


def _copy(check: sa.CheckConstraint) -> None:
    """Copy the table into one with another check: SQLite cannot change it."""
    with op.batch_alter_table(TABLE, copy_from=_table(check), recreate="always"):
        pass


def _table(check: sa.CheckConstraint) -> sa.Table:
    return sa.Table(
        TABLE,
        sa.MetaData(),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("on_hand_delta", sa.Integer(), nullable=False),
        sa.Column("reserved_delta", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Uuid()),
        sa.Column("reference_type", sa.String(50)),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(200)),
        sa.Column("actor_id", sa.Uuid()),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        check,
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["products_location.id"],
            name=op.f(f"fk_{TABLE}_location_id_products_location"),
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"],
            ["products_variant.id"],
            name=op.f(f"fk_{TABLE}_variant_id_products_variant"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint(
            "reference",
            "kind",
            "sequence",
            "variant_id",
            "location_id",
            name="uq_products_stock_movement_effect",
        ),
        sa.Index(op.f(f"ix_{TABLE}_created_at_id"), "created_at", "id"),
        sa.Index(op.f(f"ix_{TABLE}_variant_id_id"), "variant_id", "id"),
    )
