"""Units leave stock and come back: the verbs ``ship``, ``unship`` and ``restock``."""

from uuid import UUID

from mercato_contracts.stock import ReservationGone
from mercato_kit.db import session
from mercato_products.services.levels import Cause, Delta
from mercato_products.services.reserved import Reserved, Units, cause_of, covers, lock_reserved

SHIPPED = Delta(on_hand=-1, reserved=-1)
UNSHIPPED = Delta(on_hand=1, reserved=1)
RETURNED = Delta(on_hand=1)


def ship_units(reference: UUID, sequence: int, quantities: Units) -> None:
    """Remove units of a committed reservation from stock, once for each *sequence*.

    Raises:
        ReservationGone: The reservation is not committed, or has fewer units left.
        InsufficientStock: Backordered units have not arrived yet.
    """
    cause = cause_of("ship", reference, sequence)
    reserved = _lock(reference, cause)
    if reserved.done:
        return
    if reserved.reservation.status != "committed" or not covers(reserved.remaining, quantities):
        raise ReservationGone(reference)
    reserved.move(quantities, SHIPPED, cause)
    for variant_id, quantity in quantities.items():
        reserved.lines[variant_id].shipped += quantity
    reserved.write()


def unship_units(reference: UUID, sequence: int, quantities: Units) -> None:
    """Return units of a canceled fulfilment, and reserve them again, once for each *sequence*.

    Raises:
        ReservationGone: Fewer units were shipped to *reference*, or some were returned.
    """
    cause = cause_of("unship", reference, sequence)
    reserved = _lock(reference, cause)
    if reserved.done:
        return
    if not covers(reserved.away, quantities):
        raise ReservationGone(reference)
    reserved.move(quantities, UNSHIPPED, cause)
    for variant_id, quantity in quantities.items():
        reserved.lines[variant_id].shipped -= quantity
    reserved.write()


def restock_units(reference: UUID, sequence: int, lines: Units) -> None:
    """Return shipped units to stock, once for each *sequence*.

    Raises:
        ReservationGone: Fewer units were shipped to *reference*.
    """
    cause = cause_of("restock", reference, sequence)
    reserved = _lock(reference, cause)
    if reserved.done:
        return
    if not covers(reserved.away, lines):
        raise ReservationGone(reference)
    reserved.move(lines, RETURNED, cause)
    for variant_id, quantity in lines.items():
        reserved.lines[variant_id].restocked += quantity
    session.flush()


def _lock(reference: UUID, cause: Cause) -> Reserved:
    reserved = lock_reserved(reference, cause)
    if reserved is None:
        raise ReservationGone(reference)
    return reserved
