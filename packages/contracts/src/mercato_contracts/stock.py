"""The contract ``stock``: reserve, ship and return units of variants.

Every call is idempotent by its reference (and sequence): a caller can repeat it after a lost
response, and a provider can run on another machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

ReserveResult = Literal["held", "already", "released"]
"""``held``: this call reserved the units. ``already``: an earlier call did. ``released``: the
reference was released before, so nothing was reserved."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """A variant with fewer available units than requested.

    ``available`` is a hint: it may be out of date when the caller reads it.
    """

    variant_id: UUID
    requested: int
    available: int


class InsufficientStock(Exception):
    """Some variants have too few available units; nothing was reserved."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        variants = ", ".join(str(shortage.variant_id) for shortage in shortages)
        super().__init__(f"insufficient stock of variants: {variants}")
        self.shortages = tuple(shortages)


class ReservationGone(Exception):
    """The reservation has no units that the call can act on."""

    def __init__(self, reference: UUID) -> None:
        super().__init__(f"reservation {reference} has no units that this call can act on")
        self.reference = reference


class Stock(Protocol):
    """Reserves units of variants, and removes them from stock when they ship."""

    transactional: bool
    """Whether calls run in the caller's database transaction."""

    def reserve(
        self, reference: UUID, quantities: Mapping[UUID, int], expires_at: datetime
    ) -> ReserveResult:
        """Reserve units for *reference*, all or none.

        Args:
            reference: Id of the reservation, e.g. the id of an order.
            quantities: Units wanted (1 or more), by variant id.
            expires_at: When the reservation expires unless it is committed.

        Raises:
            InsufficientStock: Some variants have too few available units; nothing was reserved.
        """
        ...

    def extend(self, reference: UUID, until: datetime) -> bool:
        """Keep a reservation until *until* or later; called before a payment starts.

        Returns:
            False if the reservation no longer exists.
        """
        ...

    def commit(self, reference: UUID) -> bool:
        """Make a reservation final, so that it no longer expires.

        Returns:
            False if the reservation no longer exists: the caller must void or refund the payment.
        """
        ...

    def ship(self, reference: UUID, sequence: int, quantities: Mapping[UUID, int]) -> None:
        """Remove units of a committed reservation from stock.

        Args:
            reference: Id of the reservation.
            sequence: Number of the fulfilment, from 1; the call acts once per number.
            quantities: Units shipped, by variant id.

        Raises:
            ReservationGone: The reservation is not committed, or has fewer units left.
            InsufficientStock: Backordered units have not arrived yet; nothing was shipped.
        """
        ...

    def unship(self, reference: UUID, sequence: int, quantities: Mapping[UUID, int]) -> None:
        """Return units of a canceled fulfilment to stock, and reserve them again; since 1.1.

        They can be shipped again, under another number, or released.

        Args:
            reference: Id of the reservation.
            sequence: Number of the fulfilment; the call acts once per number.
            quantities: Units of the fulfilment, by variant id.

        Raises:
            ReservationGone: Fewer units were shipped to *reference*, or some were returned.
        """
        ...

    def release(
        self, reference: UUID, lines: Mapping[UUID, int] | None = None, sequence: int = 0
    ) -> None:
        """Release all remaining units of a reservation, or some of them.

        An unknown reference is recorded as released, so that a delayed :meth:`reserve` with the
        same reference has no effect. Units that are no longer reserved are ignored.

        Args:
            reference: Id of the reservation.
            lines: Units to release, by variant id; None for all remaining units.
            sequence: Number of the release, since 1.1; the call acts once per number and variant.
                Releases of all remaining units have numbers of their own.
        """
        ...

    def restock(self, reference: UUID, sequence: int, lines: Mapping[UUID, int]) -> None:
        """Return shipped units to stock.

        Args:
            reference: Id of the reservation.
            sequence: Number of the return, from 1; the call acts once per number.
            lines: Units returned, by variant id.

        Raises:
            ReservationGone: Fewer units were shipped to *reference*.
        """
        ...
