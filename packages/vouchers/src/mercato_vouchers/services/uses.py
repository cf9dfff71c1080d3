"""Statements that count the uses of vouchers; they are compiled once."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from mercato_kit.db import insert, locked
from mercato_kit.lists import Rows, any_of
from mercato_kit.prepared import Prepared
from mercato_vouchers.models import Redemption, Voucher

USES = Rows(
    "uses",
    {
        "id": sa.Uuid(),
        "position": sa.Integer(),
        "voucher_id": sa.Uuid(),
        "amount": sa.BigInteger(),
    },
)


def free_slot() -> sa.ScalarSelect[int | None]:
    """Select the lowest free slot of the customer at a voucher; NULL if there is none."""
    used, before = aliased(Redemption), aliased(Redemption)
    key = sa.bindparam("customer_key", type_=sa.CHAR(64))

    def is_own(row: Any) -> sa.ColumnElement[bool]:
        return sa.and_(row.voucher_id == Voucher.id, row.customer_key == key)

    next_ones = sa.select(before.slot + 1).where(is_own(before)).correlate(Voucher)
    slots = sa.union_all(sa.select(sa.literal(1).label("slot")), next_ones).subquery("found_slots")
    taken = sa.exists().where(is_own(used), used.slot == slots.c.slot).correlate(Voucher, slots)
    return (
        sa.select(sa.func.min(slots.c.slot))
        .where(slots.c.slot <= Voucher.max_redemptions_per_customer, ~taken)
        .correlate(Voucher)
        .scalar_subquery()
    )


def _insert_uses(dialect: sa.Dialect) -> sa.Insert:
    """Insert uses with the first free slot of the customer. Waits for concurrent inserts."""
    uses = USES.table(dialect)
    is_limited = Voucher.max_redemptions_per_customer.is_not(None)
    found = (
        sa.select(
            uses.c.id,
            sa.bindparam("of", type_=sa.Uuid()).label("reference"),
            uses.c.position,
            Voucher.id.label("voucher_id"),
            sa.bindparam("customer", type_=sa.Uuid()).label("customer_id"),
            sa.case((is_limited, sa.bindparam("customer_key", type_=sa.CHAR(64)))).label(
                "customer_key"
            ),
            sa.case((is_limited, free_slot())).label("slot"),
            Voucher.max_redemptions.is_not(None).label("is_counted"),
            uses.c.amount,
            sa.bindparam("currency", type_=sa.CHAR(3)).label("currency"),
            sa.bindparam("at", type_=Redemption.created_at.type).label("created_at"),
            is_limited.label("is_limited"),
        )
        .join(uses, uses.c.voucher_id == Voucher.id)
        .where(any_of(Voucher.id, "voucher_ids"))
        .subquery("found_uses")
    )
    *columns, limited = found.c
    rows = (
        sa.select(*columns)
        .where(
            sa.or_(~limited, sa.and_(found.c.slot.is_not(None), found.c.customer_key.is_not(None)))
        )
        .order_by(found.c.position)
    )
    return (
        insert(Redemption)
        .from_select([column.name for column in columns], rows, include_defaults=False)
        .on_conflict_do_nothing()
        .returning(Redemption.position, Redemption.voucher_id, Redemption.is_counted)
    )


def _take(_dialect: sa.Dialect) -> sa.Update:
    """Count a use of each voucher that has one left."""
    return (
        sa.update(Voucher)
        .where(Voucher.id.in_(_locked()), Voucher.redeemed < Voucher.max_redemptions)
        .values(redeemed=Voucher.redeemed + 1, updated_at=Voucher.updated_at)
        .returning(Voucher.id)
    )


def _free(_dialect: sa.Dialect) -> sa.Update:
    return (
        sa.update(Voucher)
        .where(Voucher.id.in_(_locked()))
        .values(redeemed=Voucher.redeemed - 1, updated_at=Voucher.updated_at)
        .returning(Voucher.id)
    )


def _locked() -> sa.Select[*tuple[Any, ...]]:
    """Lock vouchers in the order of their ids, so that concurrent orders wait for each other."""
    ids = sa.select(Voucher.id).where(any_of(Voucher.id, "voucher_ids"))
    return locked(ids.order_by(Voucher.id))


INSERT = Prepared(_insert_uses)
"""Inserts redemptions, and returns ``position``, ``voucher_id`` and ``is_counted``."""

TAKE = Prepared(_take)
"""Takes a use of each voucher that has one left, and returns their ids."""

FREE = Prepared(_free)
"""Gives uses back."""
