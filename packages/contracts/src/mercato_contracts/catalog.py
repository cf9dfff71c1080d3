"""The contract ``catalog``: prices of variants."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One variant with its price at the time of the quote.

    Args:
        variant_id: The variant.
        product_id: The product of the variant.
        sku: Stock keeping unit.
        name: The product's name.
        variant_name: The option values of the variant, e.g. ``Oak / Large``.
        unit_amount: Price of one unit, in minor units of the quote's currency.
        tax_code: Tax category; None for the standard rate.
        requires_shipping: Whether the variant has to be shipped.
        weight_grams: Weight of one unit; None if unknown.
        image_url: URL of an image; None if the variant has none.
        available: Units available now. A hint: nothing is reserved. None if stock is not tracked
            or not known.
        category_ids: The categories of the product, and those above them.
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
    category_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Quote:
    """Prices of variants in one currency (ISO 4217): one line each, in the order of the request."""

    lines: tuple[QuoteLine, ...]
    currency: str
    valid_until: datetime


class VariantUnavailable(Exception):
    """Some variants do not exist, are not for sale, or have no price in the currency."""

    def __init__(self, variant_ids: Collection[UUID]) -> None:
        super().__init__(f"unavailable variants: {', '.join(sorted(map(str, variant_ids)))}")
        self.variant_ids = tuple(sorted(variant_ids))


class Catalog(Protocol):
    """Returns the prices of variants."""

    def quote(self, lines: Mapping[UUID, int], currency: str, at: datetime) -> Quote:
        """Price all *lines* or none. Writes nothing.

        Args:
            lines: Units wanted (1 or more), by variant id.
            currency: ISO 4217 code.
            at: The time at which the prices apply (aware).

        Raises:
            VariantUnavailable: Some variants cannot be sold; the exception lists all of them.
        """
        ...
