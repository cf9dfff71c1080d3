"""What a client asks for, as plain values."""

from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from uuid import UUID

MAX_QUANTITY = 999
"""Units of one variant in one order."""

Address = dict[str, Any]
"""``name, line1, line2, city, region, postal_code, country``, as the input schema checked it."""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """Some units of one variant."""

    variant_id: UUID
    quantity: int


def sum_quantities(lines: Iterable[WantedLine]) -> dict[UUID, int]:
    """Return the units wanted by variant, in the order in which variants first appear."""
    quantities: dict[UUID, int] = {}
    for line in lines:
        quantities[line.variant_id] = quantities.get(line.variant_id, 0) + line.quantity
    return quantities


@dataclass(frozen=True, slots=True)
class WantedQuote:
    """What to price. The address is for shipping and tax, which are not charged yet."""

    lines: list[WantedLine]
    currency: str
    shipping_address: Address | None = None
    shipping_method: str | None = None
    discount_codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to place.

    Args:
        lines: 1 to 100; several of one variant are summed.
        currency: ISO 4217 code.
        shipping_address: Where it goes.
        email: Whom to write to; a caller with an address of their own needs none, and with a
            verified one may name no other.
        billing_address: Whom the bill names; None for the shipping address.
        expected_amount_total: What the client believes it costs, in minor units.
        note: What the customer wants to say.
        metadata: Free data of the client's own.
        shipping_method: How it is sent; None for the shop's way.
        discount_codes: What makes it cheaper.
    """

    lines: list[WantedLine]
    currency: str
    shipping_address: Address
    email: str | None = None
    billing_address: Address | None = None
    expected_amount_total: int | None = None
    note: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    shipping_method: str | None = None
    discount_codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment to start.

    Args:
        provider: Who takes the money.
        payment_method: The provider's token for how.
        return_url: Where the customer comes back to after a step at the provider.
    """

    provider: str
    payment_method: str | None = None
    return_url: str | None = None
