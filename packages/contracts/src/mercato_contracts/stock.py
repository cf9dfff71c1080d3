"""How many there are, and who was promised some.

Every call is idempotent by its reference (and sequence), so that it may be repeated after a lost
answer, and later be made across machines.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from typing import Protocol
from uuid import UUID

ReserveResult = Literal["held", "already", "released"]
"""``held`` now; ``already`` held by an earlier call; ``released`` before, and never again."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """A variant with fewer free units than wanted. ``available`` is a hint, old when it is read."""

    variant_id: UUID
    requested: int
    available: int


class InsufficientStock(Exception):
    """Some variants are short; nothing was reserved."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__(f"short: {', '.join(str(shortage.variant_id) for shortage in shortages)}")
        self.shortages = tuple(shortages)


class ReservationGone(Exception):
    """The reference holds no units that this call could act on."""

    def __init__(self, reference: UUID) -> None:
        super().__init__(f"{reference} holds nothing this call could act on")
        self.reference = reference


class Stock(Protocol):
    """Promises units of variants, and takes them out when they leave the building."""

    transactional: bool
    """Whether calls join the caller's database transaction."""

    def reserve(
        self, reference: UUID, quantities: Mapping[UUID, int], expires_at: datetime
    ) -> ReserveResult:
        """Promise units to *reference*: all of them, or none.

        Args:
            reference: Who they are for, e.g. the id of an order.
            quantities: Units wanted (1 or more), by variant id.
            expires_at: Until when an unpaid promise holds.

        Raises:
            InsufficientStock: Names every variant that is short; nothing was reserved.
        """
        ...

    def extend(self, reference: UUID, until: datetime) -> bool:
        """Let a promise hold until *until* at least, before a payment starts.

        Returns:
            False if the promise is gone.
        """
        ...

    def commit(self, reference: UUID) -> bool:
        """Make a promise final: it no longer expires.

        Returns:
            False if the promise is gone, and what was paid for it must be voided or refunded.
        """
        ...

    def ship(self, reference: UUID, sequence: int, quantities: Mapping[UUID, int]) -> None:
        """Take units of a final promise out of the building.

        Args:
            reference: Whose promise.
            sequence: Number of the fulfilment, from 1; the call acts once per number.
            quantities: Units that leave, by variant id.

        Raises:
            ReservationGone: The promise is not final, or has fewer units left.
            InsufficientStock: Units promised from a back order have not arrived yet.
        """
        ...

    def release(self, reference: UUID, lines: Mapping[UUID, int] | None = None) -> None:
        """Take a promise back, the whole remainder or some units of it.

        On an unknown reference it leaves a mark, so that a delayed :meth:`reserve` cannot come back
        to life.

        Args:
            reference: Whose promise.
            lines: Units no longer wanted, by variant id; None for all that is left.
        """
        ...

    def restock(self, reference: UUID, sequence: int, lines: Mapping[UUID, int]) -> None:
        """Take back units that were shipped.

        Args:
            reference: Whose they were.
            sequence: Number of the return, from 1; the call acts once per number.
            lines: Units that came back, by variant id.

        Raises:
            ReservationGone: Fewer units were shipped to *reference*.
        """
        ...
