"""A locked reservation and its lines, and the changes of their units.

Every change first locks the reservation, so that calls for one reference wait for each other, and
then the levels in sorted order. The number of statements does not depend on the number of lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.stock import InsufficientStock, Shortage
from mercato_kit.db import locked, session
from mercato_kit.later import later
from mercato_products.models import Reservation, ReservationLine, StockMovement
from mercato_products.services.levels import (
    Cause,
    Delta,
    LevelKey,
    change_levels,
    lock_levels,
    movements_of,
)

REFERENCE_TYPE = "reservation"

Units = Mapping[UUID, int]
"""Units by variant id."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """A locked reservation.

    Args:
        reservation: Its row.
        lines: Its lines, by variant id.
        done: Variants that the ledger has for the cause that the lines were read for.
    """

    reservation: Reservation
    lines: Mapping[UUID, ReservationLine]
    done: frozenset[UUID]

    @property
    def remaining(self) -> Units:
        """Units that are still reserved."""
        return {variant_id: line.remaining for variant_id, line in self.lines.items()}

    @property
    def away(self) -> Units:
        """Units that were shipped and not returned."""
        return {key: line.shipped - line.restocked for key, line in self.lines.items()}

    def move(self, units: Units, each: Delta, cause: Cause) -> None:
        """Change the levels of variants by *each* for a unit, and record the movements.

        Raises:
            InsufficientStock: A location has fewer units on hand than would leave it.
        """
        lines = {variant_id: self.lines[variant_id] for variant_id in units}
        _change({line: each.times(units[key]) for key, line in lines.items()}, cause)

    def write(self) -> None:
        """Write the lines, and the status that follows from them."""
        if any(line.remaining for line in self.lines.values()):
            # Units that came back belong to a paid order.
            if self.reservation.status == "closed":
                self.reservation.status = "committed"
        else:
            was_shipped = any(line.shipped for line in self.lines.values())
            self.reservation.status = "closed" if was_shipped else "released"
        session.flush()


def lock_reservation(reference: UUID) -> Reservation | None:
    """Lock a reservation until the unit of work ends, and return it; None if it does not exist."""
    row = locked(sa.select(Reservation).where(Reservation.reference == reference))
    return session.scalar(row.execution_options(populate_existing=True))


def lock_reserved(reference: UUID, cause: Cause) -> Reserved | None:
    """Lock a reservation, and read its lines and what the ledger has for *cause*."""
    reservation = lock_reservation(reference)
    if reservation is None:
        return None
    # A statement after the lock: it sees what the holder of the lock before has committed.
    rows = session.execute(
        sa.select(ReservationLine, _is_recorded(cause))
        .where(ReservationLine.reference == reference)
        .order_by(ReservationLine.variant_id)
        .execution_options(populate_existing=True)
    ).all()
    lines = {line.variant_id: line for line, _ in rows}
    return Reserved(reservation, lines, frozenset(line.variant_id for line, done in rows if done))


def covers(left: Units, wanted: Units) -> bool:
    """Return whether there are as many units of each variant as wanted."""
    return all(left.get(variant_id, 0) >= quantity for variant_id, quantity in wanted.items())


def cause_of(kind: str, reference: UUID, sequence: int = 0) -> Cause:
    """Return the cause of changes for a reservation."""
    return Cause(kind=kind, reference=reference, reference_type=REFERENCE_TYPE, sequence=sequence)


def _is_recorded(cause: Cause) -> sa.ColumnElement[bool]:
    """Return the condition that the ledger has a movement of a line's variant for *cause*."""
    return sa.exists().where(
        StockMovement.reference == cause.reference,
        StockMovement.kind == cause.kind,
        StockMovement.sequence == cause.sequence,
        StockMovement.variant_id == ReservationLine.variant_id,
    )


def _change(changes: Mapping[ReservationLine, Delta], cause: Cause) -> None:
    of_each = {LevelKey(line.variant_id, line.location_id): line for line in changes}
    deltas = {key: changes[line] if line.is_tracked else Delta() for key, line in of_each.items()}
    counted = {key: delta for key, delta in deltas.items() if of_each[key].is_tracked}
    changed = change_levels(counted)
    if missing := counted.keys() - changed:
        # The caller may catch the exception and commit.
        change_levels({key: counted[key].times(-1) for key in changed})
        raise _refusal({key: counted[key] for key in missing}, cause)
    later(StockMovement, movements_of((key, delta, cause) for key, delta in sorted(deltas.items())))


def _refusal(refused: Mapping[LevelKey, Delta], cause: Cause) -> Exception:
    """Return why levels could not be changed."""
    levels = lock_levels(refused)
    short = [
        Shortage(key.variant_id, requested=-refused[key].on_hand, available=level.on_hand)
        for key, level in levels.items()
        if level.on_hand + refused[key].on_hand < 0
    ]
    if short:
        return InsufficientStock(short)
    return RuntimeError(f"{cause.reference}: stock levels do not match the reservation's lines")
