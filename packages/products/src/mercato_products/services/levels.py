"""Lock and change stock levels, and record movements.

Order of locks, to prevent deadlocks: a product or reservation, then levels by variant and location,
then inserts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import locked, new_id, session, utc_now
from mercato_products.models import StockLevel, StockMovement


class LevelKey(NamedTuple):
    """A variant at a location."""

    variant_id: UUID
    location_id: UUID


class Delta(NamedTuple):
    """A change of a level: units to add to on hand and to reserved."""

    on_hand: int = 0
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The cause of a change, as recorded in the ledger."""

    kind: str
    reference: UUID | None = None
    reference_type: str | None = None
    sequence: int = 0
    reason: str | None = None
    actor_id: UUID | None = None


def select_locked(keys: Collection[LevelKey]) -> sa.Select[StockLevel]:
    """Return the SELECT that locks levels, sorted by variant and location."""
    return locked(
        sa.select(StockLevel)
        .where(_is_one_of(keys))
        .order_by(StockLevel.variant_id, StockLevel.location_id)
    )


def lock_levels(keys: Collection[LevelKey]) -> Mapping[LevelKey, StockLevel]:
    """Lock levels and return the existing ones by key."""
    rows = session.scalars(select_locked(keys).execution_options(populate_existing=True))
    return {LevelKey(level.variant_id, level.location_id): level for level in rows}


def change_levels(deltas: Mapping[LevelKey, Delta]) -> set[LevelKey]:
    """Add to locked levels, each only if its constraints still hold.

    The ``WHERE`` clause checks the constraints, so concurrent transactions cannot both take the
    last unit.

    Returns:
        Keys of the changed levels.
    """
    if not deltas:
        return set()
    on_hand = StockLevel.on_hand + _by_key(deltas, lambda delta: delta.on_hand)
    reserved = StockLevel.reserved + _by_key(deltas, lambda delta: delta.reserved)
    changed = session.execute(
        sa.update(StockLevel)
        .where(
            _is_one_of(deltas),
            on_hand >= 0,
            reserved >= 0,
            reserved <= on_hand + StockLevel.backorder_limit,
        )
        .values(on_hand=on_hand, reserved=reserved, version=StockLevel.version + 1)
        .returning(StockLevel.variant_id, StockLevel.location_id)
        .execution_options(synchronize_session=False)
    )
    return {LevelKey(variant_id, location_id) for variant_id, location_id in changed}


def record_movements(entries: Iterable[tuple[LevelKey, Delta, Cause]]) -> list[dict[str, Any]]:
    """Add rows to the ledger in one statement, and return them by column name.

    A variant without tracked inventory gets a row of 0 units: the unique key then also makes its
    effect happen once.
    """
    rows = [
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
            "created_at": utc_now(),
        }
        for key, delta, cause in entries
    ]
    if rows:
        session.execute(sa.insert(StockMovement).values(rows))
    return rows


def _is_one_of(keys: Collection[LevelKey]) -> sa.ColumnElement[bool]:
    return sa.tuple_(StockLevel.variant_id, StockLevel.location_id).in_(sorted(keys))


def _by_key(
    deltas: Mapping[LevelKey, Delta], part: Callable[[Delta], int]
) -> sa.ColumnElement[int]:
    """Return SQL for the value of each level; a plain literal if all values are equal."""
    numbers = {part(delta) for delta in deltas.values()}
    if len(numbers) == 1:
        return sa.literal(numbers.pop())
    return sa.case(
        *(
            (
                sa.and_(
                    StockLevel.variant_id == key.variant_id,
                    StockLevel.location_id == key.location_id,
                ),
                part(delta),
            )
            for key, delta in deltas.items()
        ),
        else_=0,
    )
