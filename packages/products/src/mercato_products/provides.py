"""This feature's side of the contracts ``catalog`` and ``stock``."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from mercato_contracts.catalog import Quote
from mercato_contracts.stock import ReserveResult
from mercato_products import services


class ProductCatalog:
    """Prices from this feature's tables; see :class:`mercato_contracts.catalog.Catalog`."""

    def quote(self, lines: Mapping[UUID, int], currency: str, at: datetime) -> Quote:
        """Price *lines*, all or none."""
        return services.quote_variants(lines, currency, at)


class ProductStock:
    """Units from this feature's tables; see :class:`mercato_contracts.stock.Stock`."""

    transactional = True

    def reserve(
        self, reference: UUID, quantities: Mapping[UUID, int], expires_at: datetime
    ) -> ReserveResult:
        """Promise units to *reference*: all of them, or none."""
        return services.reserve_units(reference, quantities, expires_at)

    def extend(self, reference: UUID, until: datetime) -> bool:
        """Let a promise hold until *until* at least."""
        return services.extend_reservation(reference, until)

    def commit(self, reference: UUID) -> bool:
        """Make a promise final."""
        return services.commit_reservation(reference)

    def ship(self, reference: UUID, sequence: int, quantities: Mapping[UUID, int]) -> None:
        """Take units of a final promise out of the building."""
        services.ship_units(reference, sequence, quantities)

    def release(self, reference: UUID, lines: Mapping[UUID, int] | None = None) -> None:
        """Take a promise back, the whole remainder or some units of it."""
        services.release_units(reference, lines)

    def restock(self, reference: UUID, sequence: int, lines: Mapping[UUID, int]) -> None:
        """Take back units that were shipped."""
        services.restock_units(reference, sequence, lines)
