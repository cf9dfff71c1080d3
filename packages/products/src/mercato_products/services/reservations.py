"""Reservations: the implementation of the contract ``stock``, in the caller's transaction.

Every function first locks the reservation, so that calls for one reference wait for each other, and
then the levels in sorted order. The number of statements does not depend on the number of lines.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.stock import InsufficientStock, ReservationGone, Shortage
from mercato_kit.db import insert, locked, session, utc_now
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
RELEASE_ALL, RELEASE_PART = 0, 1
"""``sequence`` of a release in the ledger."""


def extend_reservation(reference: UUID, until: datetime) -> bool:
    """Keep a reservation until *until* or later; False if it no longer exists."""
    reservation = lock_reservation(reference)
    if reservation is None or reservation.status == "released":
        return False
    if reservation.expires_at is not None:
        reservation.expires_at = max(reservation.expires_at, until)
    session.flush()
    return True


def commit_reservation(reference: UUID) -> bool:
    """Make a reservation final; False if it no longer exists."""
    reservation = lock_reservation(reference)
    if reservation is None or reservation.status == "released":
        return False
    if reservation.status == "held":
        reservation.status = "committed"
        session.flush()
    return True


def ship_units(reference: UUID, sequence: int, quantities: Mapping[UUID, int]) -> None:
    """Remove units of a committed reservation from stock, once for each *sequence*.

    Raises:
        ReservationGone: The reservation is not committed, or has fewer units left.
        InsufficientStock: Backordered units have not arrived yet.
    """
    reservation = lock_reservation(reference)
    if reservation is None:
        raise ReservationGone(reference)
    if _is_done(reference, "ship", sequence):
        return
    lines = _find_lines(reference)
    left = {variant_id: line.remaining for variant_id, line in lines.items()}
    if reservation.status != "committed" or not _covers(left, quantities):
        raise ReservationGone(reference)
    _move(
        {lines[key]: Delta(-quantity, -quantity) for key, quantity in quantities.items()},
        cause_of("ship", reference, sequence),
    )
    for variant_id, quantity in quantities.items():
        lines[variant_id].shipped += quantity
    _close_if_done(reservation, lines.values())


def release_units(reference: UUID, lines: Mapping[UUID, int] | None = None) -> None:
    """Release all remaining units of a reservation or, once per variant, some units.

    An unknown reference is recorded as released, so that it can no longer be reserved. Units that
    are no longer reserved are ignored.

    Args:
        reference: Id of the reservation.
        lines: Units to release, by variant id; None for all remaining units.
    """
    if _insert_once(reference, "released", None):
        return
    reservation = lock_reservation(reference)
    if reservation is None or reservation.status not in ("held", "committed"):
        return
    reserved = _find_lines(reference)
    left = {variant_id: line.remaining for variant_id, line in reserved.items()}
    wanted = left if lines is None else _not_yet_released(reference, lines)
    units = {
        line: min(wanted[variant_id], left[variant_id])
        for variant_id, line in reserved.items()
        if wanted.get(variant_id, 0) > 0 and left[variant_id] > 0
    }
    _move(
        {line: Delta(reserved=-quantity) for line, quantity in units.items()},
        cause_of("release", reference, RELEASE_ALL if lines is None else RELEASE_PART),
    )
    for line, quantity in units.items():
        line.released += quantity
    _close_if_done(reservation, reserved.values())


def restock_units(reference: UUID, sequence: int, lines: Mapping[UUID, int]) -> None:
    """Return shipped units to stock, once for each *sequence*.

    Raises:
        ReservationGone: Fewer units were shipped to *reference*.
    """
    reservation = lock_reservation(reference)
    if reservation is None:
        raise ReservationGone(reference)
    if _is_done(reference, "restock", sequence):
        return
    reserved = _find_lines(reference)
    away = {variant_id: line.shipped - line.restocked for variant_id, line in reserved.items()}
    if not _covers(away, lines):
        raise ReservationGone(reference)
    _move(
        {reserved[key]: Delta(on_hand=quantity) for key, quantity in lines.items()},
        cause_of("restock", reference, sequence),
    )
    for variant_id, quantity in lines.items():
        reserved[variant_id].restocked += quantity
    session.flush()


def _insert_once(reference: UUID, status: str, expires_at: datetime | None) -> bool:
    """Insert the reservation row; False if it exists. Waits for a concurrent insert."""
    first = (
        insert(Reservation)
        .values(reference=reference, status=status, expires_at=expires_at, created_at=utc_now())
        .on_conflict_do_nothing()
        .returning(Reservation.reference)
    )
    return session.scalar(first) is not None


def lock_reservation(reference: UUID) -> Reservation | None:
    """Lock a reservation until the unit of work ends, and return it; None if it does not exist."""
    row = locked(sa.select(Reservation).where(Reservation.reference == reference))
    return session.scalar(row.execution_options(populate_existing=True))


def _find_lines(reference: UUID) -> dict[UUID, ReservationLine]:
    lines = session.scalars(
        sa.select(ReservationLine)
        .where(ReservationLine.reference == reference)
        .order_by(ReservationLine.variant_id)
        .execution_options(populate_existing=True)
    )
    return {line.variant_id: line for line in lines}


def _is_done(reference: UUID, kind: str, sequence: int) -> bool:
    """Return whether the ledger has the movement. The caller holds the lock of the reservation."""
    done = sa.select(StockMovement.id).where(
        StockMovement.reference == reference,
        StockMovement.kind == kind,
        StockMovement.sequence == sequence,
    )
    return session.scalar(done.limit(1)) is not None


def _not_yet_released(reference: UUID, lines: Mapping[UUID, int]) -> Mapping[UUID, int]:
    done = sa.select(StockMovement.variant_id).where(
        StockMovement.reference == reference,
        StockMovement.kind == "release",
        StockMovement.sequence == RELEASE_PART,
    )
    before = set(session.scalars(done))
    return {key: quantity for key, quantity in lines.items() if key not in before}


def _covers(left: Mapping[UUID, int], wanted: Mapping[UUID, int]) -> bool:
    return all(left.get(variant_id, 0) >= quantity for variant_id, quantity in wanted.items())


def _move(changes: Mapping[ReservationLine, Delta], cause: Cause) -> None:
    """Change the levels of lines and record the movements.

    Raises:
        InsufficientStock: A location has fewer units on hand than would leave it.
    """
    of_each = {LevelKey(line.variant_id, line.location_id): line for line in changes}
    deltas = {key: changes[line] if line.is_tracked else Delta() for key, line in of_each.items()}
    counted = {key: delta for key, delta in deltas.items() if of_each[key].is_tracked}
    levels = lock_levels(counted)
    short = [
        Shortage(key.variant_id, requested=-delta.on_hand, available=levels[key].on_hand)
        for key, delta in counted.items()
        if levels[key].on_hand + delta.on_hand < 0
    ]
    if short:
        raise InsufficientStock(short)
    if change_levels(counted) != counted.keys():
        raise RuntimeError(f"{cause.reference}: stock levels do not match the reservation's lines")
    later(StockMovement, movements_of((key, delta, cause) for key, delta in sorted(deltas.items())))


def _close_if_done(reservation: Reservation, lines: Collection[ReservationLine]) -> None:
    if not any(line.remaining for line in lines):
        was_shipped = any(line.shipped for line in lines)
        reservation.status = "closed" if was_shipped else "released"
    session.flush()


def cause_of(kind: str, reference: UUID, sequence: int = 0) -> Cause:
    """Return the cause of changes for a reservation."""
    return Cause(kind=kind, reference=reference, reference_type=REFERENCE_TYPE, sequence=sequence)
