"""Plain values that go into the services."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price of a variant: minor units of an ISO 4217 currency."""

    currency: str
    unit_amount: int
    compare_at_amount: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVariant:
    """A variant that is yet to be made. ``name`` defaults to its option values."""

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
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product that is yet to be made. ``handle`` defaults to one made from the name."""

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
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewMedium:
    """A picture of a product, or of one variant of it."""

    url: str
    alt: str = ""
    variant_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCategory:
    """A category that is yet to be made. ``handle`` defaults to one made from the name."""

    name: str
    handle: str | None = None
    parent_id: UUID | None = None
    position: int = 0
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A change of what is in a building, by counting or by receiving.

    Args:
        variant_id: Of which variant.
        location_id: In which building; None for the default one.
        quantity: Units that came (or, negative, went).
        set_to: Units there are, instead of *quantity*.
        expected_on_hand: Units that were there when *set_to* was decided.
        reason: Why, for whoever reads the ledger.
        reference: What it was for; one reference moves a level once.
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
    """Which products a list holds. None filters nothing."""

    q: str | None = None
    category: str | None = None
    status: Sequence[str] | None = None
    ids: Sequence[UUID] | None = None
    currency: str | None = None
    price_gte: int | None = None
    price_lte: int | None = None
    in_stock: bool | None = None
