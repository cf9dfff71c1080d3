"""Receive and count stock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from mercato_kit import security
from mercato_kit.db import insert, refuse, session, unique_key
from mercato_kit.errors import invalid
from mercato_kit.lists import any_of
from mercato_products.errors import (
    ReferenceUsed,
    StaleQuantity,
    StockBelowReserved,
    StockNotTracked,
)
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    Location,
    StockLevel,
    StockMovement,
    Variant,
)
from mercato_products.services.levels import (
    Cause,
    Delta,
    Level,
    LevelKey,
    change_levels,
    lock_levels,
    movements_of,
)
from mercato_products.values import Adjustment

EFFECT = unique_key(StockMovement, "reference", "kind", "sequence", "variant_id", "location_id")

Wanted = Mapping[LevelKey, Adjustment]


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Movements added to the ledger (rows by column name), and the levels after them."""

    movements: Sequence[Mapping[str, Any]]
    levels: Sequence[StockLevel]


def adjust_stock(adjustments: Sequence[Adjustment], *, actor_id: UUID | None) -> Adjusted:
    """Adjust units on hand, all or none.

    Args:
        adjustments: At most one per variant and location.
        actor_id: The user who makes the adjustments.

    Raises:
        Invalid: A variant or location does not exist, or a level occurs twice.
        StockNotTracked: A variant does not track its inventory.
        StaleQuantity: The units on hand differ from ``expected_on_hand``.
        StockBelowReserved: Units on hand would fall below the reserved units.
        ReferenceUsed: The reference has changed the level before.
    """
    wanted = _by_level(adjustments)
    _check_variants(wanted)
    _check_locations(wanted)
    # An existing row is needed to lock the level; a level without movements does not exist yet.
    session.execute(
        insert(StockLevel)
        .values([_empty_level(key) for key in sorted(wanted)])
        .on_conflict_do_nothing()
    )
    levels = lock_levels(wanted)
    deltas = {key: _delta(wanted[key], levels[key]) for key in sorted(wanted)}
    changed = change_levels(deltas)
    if missing := deltas.keys() - changed:
        raise StockBelowReserved(variant_ids=sorted({str(key.variant_id) for key in missing}))
    with refuse({EFFECT: ReferenceUsed}):
        movements = movements_of(
            (key, delta, _cause(wanted[key], actor_id)) for key, delta in deltas.items()
        )
        session.execute(sa.insert(StockMovement).values(movements))
    security.record("stock_changed", changes=[_change(key, deltas[key]) for key in deltas])
    return Adjusted(movements, _find_levels(wanted))


def _by_level(adjustments: Sequence[Adjustment]) -> Wanted:
    wanted: dict[LevelKey, Adjustment] = {}
    for number, adjustment in enumerate(adjustments):
        key = LevelKey(adjustment.variant_id, adjustment.location_id or DEFAULT_LOCATION_ID)
        if key in wanted:
            raise invalid(
                f"/adjustments/{number}", "repeated", "This variant and location occur twice."
            )
        wanted[key] = adjustment
    return wanted


def _check_variants(wanted: Wanted) -> None:
    ids = {key.variant_id for key in wanted}
    tracked = dict(
        session.execute(
            sa.select(Variant.id, Variant.track_inventory).where(any_of(Variant.id, ids))
        ).all()
    )
    for number, adjustment in enumerate(wanted.values()):
        if adjustment.variant_id not in tracked:
            pointer = f"/adjustments/{number}/variant_id"
            raise invalid(pointer, "unknown", "The variant does not exist.")
        if not tracked[adjustment.variant_id]:
            raise StockNotTracked(variant_ids=[str(adjustment.variant_id)])


def _check_locations(wanted: Wanted) -> None:
    named = {key.location_id for key in wanted} - {DEFAULT_LOCATION_ID}
    if not named:
        return
    known = set(session.scalars(sa.select(Location.id).where(any_of(Location.id, named))))
    for number, adjustment in enumerate(wanted.values()):
        if adjustment.location_id in named - known:
            pointer = f"/adjustments/{number}/location_id"
            raise invalid(pointer, "unknown", "The location does not exist.")


def _change(key: LevelKey, delta: Delta) -> dict[str, Any]:
    return {**key._asdict(), "on_hand_delta": delta.on_hand}


def _empty_level(key: LevelKey) -> dict[str, Any]:
    return {**key._asdict(), "on_hand": 0, "reserved": 0, "backorder_limit": 0}


def _delta(adjustment: Adjustment, level: Level) -> Delta:
    if adjustment.set_to is None:
        return Delta(on_hand=adjustment.quantity or 0)
    if adjustment.expected_on_hand != level.on_hand:
        raise StaleQuantity(variant_id=str(level.variant_id), on_hand=level.on_hand)
    return Delta(on_hand=adjustment.set_to - level.on_hand)


def _cause(adjustment: Adjustment, actor_id: UUID | None) -> Cause:
    return Cause(
        kind="receipt" if (adjustment.quantity or 0) > 0 else "adjustment",
        reference=adjustment.reference,
        reference_type="adjustment" if adjustment.reference else None,
        reason=adjustment.reason,
        actor_id=actor_id,
    )


def _find_levels(keys: Wanted) -> Sequence[StockLevel]:
    levels = session.scalars(
        sa.select(StockLevel)
        .join(StockLevel.variant)
        .options(contains_eager(StockLevel.variant))
        .where(any_of(StockLevel.variant_id, {key.variant_id for key in keys}))
        .order_by(StockLevel.variant_id, StockLevel.location_id)
        .execution_options(populate_existing=True)
    )
    return [level for level in levels if LevelKey(level.variant_id, level.location_id) in keys]
