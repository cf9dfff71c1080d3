"""This feature's side of the contracts ``catalog`` and ``stock``."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from mercato_contracts.catalog import Quote
from mercato_contracts.stock import ReserveResult
from mercato_products.services import quotes
from mercato_products.services import reservations


class ProductCatalog:
    """Prices from this feature's tables; see :class:`mercato_contracts.catalog.Catalog`."""

    def quote(self, lines: Mapping[UUID, int], currency: str, at: datetime) -> Quote:
        """Price *lines*, all or none."""
        return quotes.quote(lines, currency, at)


class ProductStock:
    """Units from this feature's tables; see :class:`mercato_contracts.stock.Stock`."""

    transactional = True

    def reserve(
        self, reference: UUID, quantities: Mapping[UUID, int], expires_at: datetime
    ) -> ReserveResult:
        """Promise units to *reference*: all of them, or none."""
        return reservations.reserve(reference, quantities, expires_at)

    def extend(self, reference: UUID, until: datetime) -> bool:
        """Let a promise hold until *until* at least."""
        return reservations.extend(reference, until)

    def commit(self, reference: UUID) -> bool:
        """Make a promise final."""
        return reservations.commit(reference)

    def ship(self, reference: UUID, sequence: int, quantities: Mapping[UUID, int]) -> None:
        """Take units of a final promise out of the building."""
        reservations.ship(reference, sequence, quantities)

    def release(self, reference: UUID, lines: Mapping[UUID, int] | None = None) -> None:
        """Take a promise back, the whole remainder or some units of it."""
        reservations.release(reference, lines)

    def restock(self, reference: UUID, sequence: int, lines: Mapping[UUID, int]) -> None:
        """Take back units that were shipped."""
        reservations.restock(reference, sequence, lines)
