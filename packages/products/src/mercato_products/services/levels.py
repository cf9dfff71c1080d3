"""Lock and change stock levels, and make the rows of their ledger.

Order of locks, to prevent deadlocks: a product or reservation, then levels by variant and location,
then the products of levels that ran out, then inserts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import current_connection, locked, new_id, utc_now
from mercato_kit.lists import Rows, any_of
from mercato_kit.prepared import Prepared
from mercato_products.models import DEFAULT_LOCATION_ID, StockLevel
from mercato_products.services.in_stock import follow_stock


class LevelKey(NamedTuple):
    """A variant at a location."""

    variant_id: UUID
    location_id: UUID


class Delta(NamedTuple):
    """A change of a level: units to add to on hand and to reserved."""

    on_hand: int = 0
    reserved: int = 0

    def times(self, units: int) -> "Delta":
        """Return the change for several units."""
        return Delta(self.on_hand * units, self.reserved * units)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The cause of a change, as recorded in the ledger."""

    kind: str
    reference: UUID | None = None
    reference_type: str | None = None
    sequence: int = 0
    reason: str | None = None
    actor_id: UUID | None = None


class Level(NamedTuple):
    """A locked level."""

    variant_id: UUID
    location_id: UUID
    on_hand: int
    available: int


_KEYS = Rows("wanted", {"variant_id": sa.Uuid(), "location_id": sa.Uuid()})
_CHANGES = Rows("changes", {**_KEYS.columns, "on_hand": sa.Integer(), "reserved": sa.Integer()})


def lock_levels(keys: Iterable[LevelKey]) -> Mapping[LevelKey, Level]:
    """Lock levels, sorted by variant and location, and return the existing ones by key."""
    levels = (Level(**row) for row in _send(_LOCKED, _KEYS, [key._asdict() for key in keys]))
    return {LevelKey(level.variant_id, level.location_id): level for level in levels}


def change_levels(deltas: Mapping[LevelKey, Delta]) -> set[LevelKey]:
    """Add to levels, each only if its constraints still hold; products follow the stock.

    The ``WHERE`` clause checks the constraints, so concurrent transactions cannot both take the
    last unit. It waits for other transactions in the order of :func:`lock_levels`.

    Returns:
        Keys of the changed levels.
    """
    if not deltas:
        return set()
    changes = [{**key._asdict(), **delta._asdict()} for key, delta in deltas.items()]
    found = _send(_CHANGED, _CHANGES, changes)
    left = {LevelKey(row["variant_id"], row["location_id"]): row["left"] for row in found}
    follow_stock([key.variant_id for key in left if _turns(key, deltas[key], left[key])])
    return set(left)


def _turns(key: LevelKey, delta: Delta, left: int) -> bool:
    """Return whether a variant, which has units *left* in hand, ran out of stock or is back."""
    before = left - delta.on_hand + delta.reserved
    return key.location_id == DEFAULT_LOCATION_ID and (before > 0) is not (left > 0)


def movements_of(entries: Iterable[tuple[LevelKey, Delta, Cause]]) -> list[dict[str, Any]]:
    """Return rows of the ledger.

    A variant without tracked inventory gets a row of 0 units: the unique key then also makes its
    effect happen once.
    """
    now = utc_now()
    return [
        {
            "id": new_id(),
            "variant_id": key.variant_id,
            "location_id": key.location_id,
            "kind": cause.kind,
            "on_hand_delta": delta.on_hand,
            "reserved_delta": delta.reserved,
            "reference": cause.reference,
            "reference_type": cause.reference_type,
            "sequence": cause.sequence,
            "reason": cause.reason,
            "actor_id": cause.actor_id,
            "created_at": now,
        }
        for key, delta, cause in entries
    ]


def _send(
    statement: Prepared, table: Rows, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Send a statement with :func:`_is_level` for *rows*, and return its rows."""
    connection = current_connection()
    wanted = {
        table.name: table.dump(rows, connection.dialect),
        "variant_ids": [row["variant_id"] for row in rows],
    }
    return statement.rows(connection, wanted)


def _is_level(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Return the condition that a level has the variant and the location of a row of *table*."""
    return sa.and_(
        StockLevel.variant_id == table.c.variant_id,
        StockLevel.location_id == table.c.location_id,
        any_of(StockLevel.variant_id, "variant_ids"),
    )


def _select_locked(dialect: sa.Dialect) -> sa.Select[*tuple[Any, ...]]:
    wanted = _KEYS.table(dialect)
    levels = sa.select(
        StockLevel.variant_id,
        StockLevel.location_id,
        StockLevel.on_hand,
        StockLevel.available.label("available"),
    ).join_from(wanted, StockLevel, _is_level(wanted))
    return locked(levels.order_by(StockLevel.variant_id, StockLevel.location_id))


def _update(dialect: sa.Dialect) -> sa.Update:
    changes = _CHANGES.table(dialect)
    on_hand = StockLevel.on_hand + changes.c.on_hand
    reserved = StockLevel.reserved + changes.c.reserved
    update = sa.update(StockLevel).where(_is_level(changes))
    if dialect.name == "postgresql":
        update = update.where(_is_level(_locked_first(changes)))
    return (
        update.where(
            on_hand >= 0,
            reserved >= 0,
            reserved <= on_hand + StockLevel.backorder_limit,
        )
        .values(on_hand=on_hand, reserved=reserved, version=StockLevel.version + 1)
        .returning(
            StockLevel.variant_id,
            StockLevel.location_id,
            (StockLevel.on_hand - StockLevel.reserved).label("left"),
        )
    )


def _locked_first(changes: sa.FromClause) -> sa.CTE:
    """Return the levels of *changes*; each is locked in order before it can be changed."""
    levels = sa.select(StockLevel.variant_id, StockLevel.location_id)
    of_changes = levels.join_from(changes, StockLevel, _is_level(changes))
    ordered = of_changes.order_by(StockLevel.variant_id, StockLevel.location_id)
    return locked(ordered).cte("locked")


_LOCKED = Prepared(_select_locked)
_CHANGED = Prepared(_update)
