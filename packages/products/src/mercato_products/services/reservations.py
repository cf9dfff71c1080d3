"""Reservations are extended, committed and released: verbs of the contract ``stock``."""

from datetime import datetime
from uuid import UUID

from mercato_kit.db import insert, session, utc_now
from mercato_products.models import Reservation
from mercato_products.services.levels import Delta
from mercato_products.services.reserved import (
    Reserved,
    Units,
    cause_of,
    lock_reservation,
    lock_reserved,
)

RELEASED = Delta(reserved=-1)


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


def release_units(reference: UUID, lines: Units | None = None, sequence: int = 0) -> None:
    """Release all remaining units of a reservation or some, once per *sequence* and variant.

    An unknown reference is recorded as released, so that it can no longer be reserved. Units that
    are no longer reserved are ignored.

    Args:
        reference: Id of the reservation.
        lines: Units to release, by variant id; None for all remaining units.
        sequence: Number among the releases of some units, or among those of all.
    """
    cause = cause_of("release", reference, _number(lines, sequence))
    reserved = lock_reserved(reference, cause)
    if reserved is None and not _is_recorded_as_released(reference):
        reserved = lock_reserved(reference, cause)
    if reserved is None or reserved.reservation.status not in ("held", "committed"):
        return
    units = _releasable(reserved, lines)
    reserved.move(units, RELEASED, cause)
    for variant_id, quantity in units.items():
        reserved.lines[variant_id].released += quantity
    reserved.write()


def _number(lines: Units | None, sequence: int) -> int:
    """Return the number of a release in the ledger: 0 and less for all units, else 1 and more."""
    return -sequence if lines is None else sequence + 1


def _is_recorded_as_released(reference: UUID) -> bool:
    """Insert a released reservation; False if there is one meanwhile. Waits for its insert."""
    values = {"reference": reference, "status": "released", "created_at": utc_now()}
    row = insert(Reservation).values(expires_at=None, **values).on_conflict_do_nothing()
    return session.scalar(row.returning(Reservation.reference)) is not None


def _releasable(reserved: Reserved, lines: Units | None) -> Units:
    """Return the units that are reserved and that this release has not released before."""
    left = reserved.remaining
    wanted = left if lines is None else lines
    return {
        variant_id: units
        for variant_id, quantity in left.items()
        if variant_id not in reserved.done
        if (units := min(wanted.get(variant_id, 0), quantity)) > 0
    }
