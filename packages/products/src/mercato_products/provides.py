"""Providers of the contracts ``catalog`` and ``stock``."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from mercato_contracts.catalog import Quote
from mercato_contracts.stock import ReserveResult
from mercato_products import services


class ProductCatalog:
    """Implements :class:`mercato_contracts.catalog.Catalog` on this feature's tables."""

    def quote(self, lines: Mapping[UUID, int], currency: str, at: datetime) -> Quote:
        """Price all *lines* or none."""
        return services.quote_variants(lines, currency, at)


class ProductStock:
    """Implements :class:`mercato_contracts.stock.Stock` on this feature's tables."""

    transactional = True

    def reserve(
        self, reference: UUID, quantities: Mapping[UUID, int], expires_at: datetime
    ) -> ReserveResult:
        """Reserve units for *reference*, all or none."""
        return services.reserve_units(reference, quantities, expires_at)

    def extend(self, reference: UUID, until: datetime) -> bool:
        """Keep a reservation until *until* or later."""
        return services.extend_reservation(reference, until)

    def commit(self, reference: UUID) -> bool:
        """Make a reservation final, so that it no longer expires."""
        return services.commit_reservation(reference)

    def ship(self, reference: UUID, sequence: int, quantities: Mapping[UUID, int]) -> None:
        """Remove units of a committed reservation from stock."""
        services.ship_units(reference, sequence, quantities)

    def release(self, reference: UUID, lines: Mapping[UUID, int] | None = None) -> None:
        """Release all remaining units of a reservation, or some of them."""
        services.release_units(reference, lines)

    def restock(self, reference: UUID, sequence: int, lines: Mapping[UUID, int]) -> None:
        """Return shipped units to stock."""
        services.restock_units(reference, sequence, lines)
