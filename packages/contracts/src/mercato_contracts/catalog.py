"""What can be sold, and for how much."""

from collections.abc import Collection
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One variant as it is sold at the moment of the quote.

    Args:
        variant_id: Which variant.
        product_id: The product it belongs to.
        sku: Stock keeping unit.
        name: The product's name.
        variant_name: What tells it from the product's other variants, e.g. ``Oak / Large``.
        unit_amount: Price of one, in minor units of the quote's currency.
        tax_code: How it is taxed; None for the standard way.
        requires_shipping: Whether it has to be sent.
        weight_grams: Weight of one; None where unknown.
        image_url: A picture; None where there is none.
        available: Units free at the moment, a hint that nothing is promised on; None where stock
            is not tracked or not known.
    """

    variant_id: UUID
    product_id: UUID
    sku: str
    name: str
    variant_name: str
    unit_amount: int
    tax_code: str | None = None
    requires_shipping: bool = True
    weight_grams: int | None = None
    image_url: str | None = None
    available: int | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices of some variants in one currency (ISO 4217), one line each, in the order asked for."""

    lines: tuple[QuoteLine, ...]
    currency: str
    valid_until: datetime


class VariantUnavailable(Exception):
    """Some variants do not exist, are not for sale, or have no price in the currency."""

    def __init__(self, variant_ids: Collection[UUID]) -> None:
        super().__init__(f"not for sale: {', '.join(sorted(map(str, variant_ids)))}")
        self.variant_ids = tuple(sorted(variant_ids))


class Catalog(Protocol):
    """Says what variants cost."""

    def quote(self, lines: Mapping[UUID, int], currency: str, at: datetime) -> Quote:
        """Price *lines*, all or none. Writes nothing.

        Args:
            lines: Units wanted (1 or more), by variant id.
            currency: ISO 4217 code.
            at: The instant the prices are for (aware).

        Raises:
            VariantUnavailable: Names every variant that cannot be sold.
        """
        ...
