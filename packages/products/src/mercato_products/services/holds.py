"""Reserve units: the verb ``reserve`` of the contract ``stock``, in the caller's transaction.

On PostgreSQL one statement claims the reference, locks the levels in order, and takes all units or
none. SQLite has one writer at a time and no INSERT or UPDATE inside a statement: it takes what is
there, and looks closer only if that is less than wanted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.stock import InsufficientStock, ReserveResult, Shortage
from mercato_kit.db import current_connection, insert, locked, session, utc_now
from mercato_kit.later import later
from mercato_kit.lists import Rows, any_of
from mercato_kit.prepared import Prepared
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    Reservation,
    ReservationLine,
    StockLevel,
    StockMovement,
    Variant,
)
from mercato_products.services.in_stock import follow_stock
from mercato_products.services.levels import Delta, LevelKey, movements_of
from mercato_products.services.reserved import cause_of

_LEVEL = (
    StockLevel.variant_id,
    StockLevel.available.label("available"),
    (StockLevel.on_hand - StockLevel.reserved).label("in_hand"),
)
_WANTED = Rows("wanted", {"variant_id": sa.Uuid(), "quantity": sa.Integer()})

Values = Mapping[str, Any]

Found = Sequence[Mapping[str, Any]]
"""A row for each variant: ``variant_id``, ``quantity`` wanted, ``is_tracked``, ``available``, and
the units ``in_hand`` that were not reserved before."""


def reserve_units(
    reference: UUID, quantities: Mapping[UUID, int], expires_at: datetime
) -> ReserveResult:
    """Reserve units at the default location for *reference*, all or none.

    Args:
        reference: Id of the reservation.
        quantities: Units wanted (1 or more), by variant id.
        expires_at: When the reservation expires unless it is committed.

    Raises:
        InsufficientStock: Some variants have too few available units; nothing was reserved.
    """
    connection = current_connection()
    claim = {"of": reference, "until": expires_at, "at": utc_now()}
    take = _take_in_steps if connection.dialect.name == "sqlite" else _take_at_once
    found = take(connection, claim, quantities)
    if found is None:
        return _earlier_result(reference)
    if short := [row for row in found if _is_short(row)]:
        # The caller may catch the exception and commit.
        session.execute(sa.delete(Reservation).where(Reservation.reference == reference))
        raise InsufficientStock([_shortage(row) for row in short])
    _record(reference, found)
    follow_stock([row["variant_id"] for row in found if _runs_out(row)])
    return "held"


def _earlier_result(reference: UUID) -> ReserveResult:
    status = session.scalar(sa.select(Reservation.status).where(Reservation.reference == reference))
    return "released" if status == "released" else "already"


def _shortage(row: Mapping[str, Any]) -> Shortage:
    available = max(0, row["available"])
    return Shortage(row["variant_id"], requested=row["quantity"], available=available)


def _record(reference: UUID, found: Found) -> None:
    """Add the lines and the movements of a reservation."""
    lines = [
        {
            "reference": reference,
            "variant_id": row["variant_id"],
            "location_id": DEFAULT_LOCATION_ID,
            "quantity": row["quantity"],
            "is_tracked": row["is_tracked"],
        }
        for row in found
    ]
    later(ReservationLine, lines)
    cause = cause_of("reserve", reference)
    later(
        StockMovement,
        movements_of(
            (
                LevelKey(row["variant_id"], DEFAULT_LOCATION_ID),
                Delta(reserved=row["quantity"] if row["is_tracked"] else 0),
                cause,
            )
            for row in found
        ),
    )


def _take_at_once(
    connection: sa.Connection, claim: Values, quantities: Mapping[UUID, int]
) -> Found | None:
    """Claim the reference and take all units or none; None if the reference exists."""
    rows = _AT_ONCE.rows(connection, {**claim, **_wanted(connection, quantities)})
    return rows if rows[0]["is_claimed"] else None


def _take_in_steps(
    connection: sa.Connection, claim: Values, quantities: Mapping[UUID, int]
) -> Found | None:
    """Do the same with a statement for each step; give back if a variant has too few units."""
    if not _CLAIM.rows(connection, claim):
        return None
    wanted = _wanted(connection, quantities)
    taken = {row["variant_id"]: row["left"] for row in _TAKE.rows(connection, wanted)}
    enough = {key: _found(key, quantities[key], taken[key]) for key in sorted(taken)}
    if len(taken) == len(quantities):
        return list(enough.values())
    found = [enough.get(row["variant_id"], row) for row in _LOOK.rows(connection, wanted)]
    if any(map(_is_short, found)):
        _GIVE_BACK.rows(connection, {"taken": list(taken), _WANTED.name: wanted[_WANTED.name]})
    return found


def _found(variant_id: UUID, quantity: int, left: int) -> Values:
    """Return the row of a variant that has enough, and has units *left* in hand."""
    return {
        "variant_id": variant_id,
        "quantity": quantity,
        "is_tracked": True,
        "available": quantity,
        "in_hand": left + quantity,
    }


def _wanted(connection: sa.Connection, quantities: Mapping[UUID, int]) -> Values:
    rows = [{"variant_id": key, "quantity": quantities[key]} for key in sorted(quantities)]
    return {
        "variant_ids": [row["variant_id"] for row in rows],
        _WANTED.name: _WANTED.dump(rows, connection.dialect),
    }


def _is_short(row: Mapping[str, Any]) -> bool:
    return bool(row["is_tracked"] and row["available"] < row["quantity"])


def _runs_out(row: Mapping[str, Any]) -> bool:
    return bool(row["is_tracked"] and 0 < row["in_hand"] <= row["quantity"])


def _claim(_dialect: sa.Dialect) -> sa.Insert:
    """Insert the reservation unless it exists. Waits for a concurrent insert."""
    reservation = {
        "reference": sa.bindparam("of", type_=sa.Uuid()),
        "status": sa.literal("held"),
        "expires_at": sa.bindparam("until", type_=Reservation.expires_at.type),
        "created_at": sa.bindparam("at", type_=Reservation.created_at.type),
    }
    claim = insert(Reservation).values(reservation).on_conflict_do_nothing()
    return claim.returning(Reservation.reference)


def _select_and_take(dialect: sa.Dialect) -> sa.Select[*tuple[Any, ...]]:
    claimed = _claim(dialect).cte("claimed")
    is_claimed = sa.exists().select_from(claimed)
    wanted = _WANTED.table(dialect)
    # Concurrent transactions wait for each other here, in the same order; then the newest version
    # of each row counts. The claim comes first.
    levels = locked(
        sa.select(*_LEVEL)
        .where(_is_here(), any_of(StockLevel.variant_id, "variant_ids"), is_claimed)
        .order_by(StockLevel.variant_id, StockLevel.location_id)
    ).cte("levels")
    found = _select_found(wanted, levels).cte("found")
    is_short = sa.exists().where(found.c.is_tracked, found.c.available < found.c.quantity)
    taken = (
        sa.update(StockLevel)
        .where(StockLevel.variant_id == found.c.variant_id, _is_here())
        .where(any_of(StockLevel.variant_id, "variant_ids"))
        .where(found.c.is_tracked, ~is_short)
        .values(reserved=StockLevel.reserved + found.c.quantity, version=StockLevel.version + 1)
        .returning(StockLevel.variant_id)
        .cte("taken")
    )
    rows = sa.select(*found.c, is_claimed.label("is_claimed"))
    return rows.order_by(found.c.variant_id).add_cte(taken)


def _select_found(wanted: sa.FromClause, levels: sa.FromClause) -> sa.Select[*tuple[Any, ...]]:
    """Select what is there of each variant; an unknown variant is tracked and has nothing."""
    is_wanted = sa.and_(Variant.id == wanted.c.variant_id, any_of(Variant.id, "variant_ids"))
    return (
        sa.select(
            wanted.c.variant_id,
            wanted.c.quantity,
            sa.func.coalesce(Variant.track_inventory, sa.true()).label("is_tracked"),
            sa.func.coalesce(levels.c.available, 0).label("available"),
            sa.func.coalesce(levels.c.in_hand, 0).label("in_hand"),
        )
        .select_from(wanted)
        .outerjoin(Variant, is_wanted)
        .outerjoin(levels, levels.c.variant_id == wanted.c.variant_id)
    )


def _take(dialect: sa.Dialect) -> sa.Update:
    """Take the units of each variant that has enough."""
    wanted = _WANTED.table(dialect)
    return (
        sa.update(StockLevel)
        .where(StockLevel.variant_id == wanted.c.variant_id, _is_here())
        .where(StockLevel.available >= wanted.c.quantity)
        .where(sa.exists().where(Variant.id == StockLevel.variant_id, Variant.track_inventory))
        .values(reserved=StockLevel.reserved + wanted.c.quantity, version=StockLevel.version + 1)
        .returning(StockLevel.variant_id, (StockLevel.on_hand - StockLevel.reserved).label("left"))
    )


def _look(dialect: sa.Dialect) -> sa.Select[*tuple[Any, ...]]:
    levels = sa.select(*_LEVEL)
    here = levels.where(_is_here(), any_of(StockLevel.variant_id, "variant_ids")).cte("levels")
    wanted = _WANTED.table(dialect)
    return _select_found(wanted, here).order_by(wanted.c.variant_id)


def _give_back(dialect: sa.Dialect) -> sa.Update:
    wanted = _WANTED.table(dialect)
    return (
        sa.update(StockLevel)
        .where(StockLevel.variant_id == wanted.c.variant_id, _is_here())
        .where(any_of(StockLevel.variant_id, "taken"))
        .values(reserved=StockLevel.reserved - wanted.c.quantity, version=StockLevel.version + 1)
    )


def _is_here() -> sa.ColumnElement[bool]:
    return StockLevel.location_id == DEFAULT_LOCATION_ID


_AT_ONCE = Prepared(_select_and_take)
_CLAIM = Prepared(_claim)
_TAKE = Prepared(_take)
_LOOK = Prepared(_look)
_GIVE_BACK = Prepared(_give_back)
