"""Input of the services, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

STATUSES = ("draft", "active", "archived")
"""Statuses of a product."""


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price of a variant, in minor units of an ISO 4217 currency."""

    currency: str
    unit_amount: int
    compare_at_amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVariant:
    """A variant to create. ``name`` defaults to the option values."""

    sku: str
    option_values: Mapping[str, str] = field(default_factory=dict)
    prices: Sequence[NewPrice] = ()
    gtin: str | None = None
    name: str | None = None
    position: int | None = None
    weight_grams: int | None = None
    requires_shipping: bool = True
    track_inventory: bool = True
    tax_code: str | None = None
    metadata_: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product to create. ``handle`` defaults to one generated from the name."""

    name: str
    handle: str | None = None
    description: str = ""
    brand: str | None = None
    status: str = "draft"
    tax_code: str | None = None
    external_reference: str | None = None
    options: Sequence[str] | None = None
    variants: Sequence[NewVariant] = ()
    category_ids: Sequence[UUID] = ()
    metadata_: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewMedium:
    """An image of a product or of one of its variants."""

    url: str
    alt: str = ""
    variant_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCategory:
    """A category to create. ``handle`` defaults to one generated from the name."""

    name: str
    handle: str | None = None
    parent_id: UUID | None = None
    position: int = 0
    metadata_: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A change of units on hand, by receiving or by counting.

    Args:
        variant_id: The variant.
        location_id: The location; None for the default location.
        quantity: Units received (negative: removed).
        set_to: Units counted, instead of *quantity*.
        expected_on_hand: Units on hand when the count was made.
        reason: Explanation for the ledger.
        reference: Id of the cause, e.g. a delivery; one reference changes a level once.
    """

    variant_id: UUID
    reason: str
    location_id: UUID | None = None
    quantity: int | None = None
    set_to: int | None = None
    expected_on_hand: int | None = None
    reference: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFilter:
    """Filters of a list of products. None means no filter."""

    q: str | None = None
    category: str | None = None
    status: Sequence[str] | None = None
    ids: Sequence[UUID] | None = None
    currency: str | None = None
    price_gte: int | None = None
    price_lte: int | None = None
    in_stock: bool | None = None

    @property
    def has_bounds(self) -> bool:
        """Whether the price is bounded."""
        return self.price_gte is not None or self.price_lte is not None
