"""Input of the services, as plain values."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mercato_kit.emails import canonical_email

MAX_QUANTITY = 999
"""Maximum units of one variant in one order."""

Address = dict[str, Any]
"""``name, line1, line2, city, region, postal_code, country``, validated by the input schema."""


@dataclass(frozen=True, slots=True)
class WantedLine:
    """Units of one variant."""

    variant_id: UUID
    quantity: int


def sum_quantities(lines: Iterable[WantedLine]) -> dict[UUID, int]:
    """Return the units wanted by variant, in the order in which variants first appear."""
    quantities: dict[UUID, int] = {}
    for line in lines:
        quantities[line.variant_id] = quantities.get(line.variant_id, 0) + line.quantity
    return quantities


def email_key(address: str) -> str:
    """Return the key of an e-mail address, equal for all its spellings: hex SHA-256.

    Orders are found by it, so that their address is stored only as its owner wrote it.
    """
    return hashlib.sha256(canonical_email(address).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class WantedQuote:
    """Lines to price. The address is for shipping and tax, which are not charged yet."""

    lines: list[WantedLine]
    currency: str
    shipping_address: Address | None = None
    shipping_method: str | None = None
    discount_codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to place.

    Args:
        lines: 1 to 100; lines of the same variant are summed.
        currency: ISO 4217 code.
        shipping_address: Address of delivery.
        email: The customer's address. Required for guests; a caller with a verified address cannot
            name another.
        billing_address: Address of the bill; None for the shipping address.
        expected_amount_total: The total the client expects, in minor units; None to accept any.
        note: The customer's note.
        metadata: The client's key-value pairs.
        shipping_method: Not supported yet: any value is refused.
        discount_codes: Not supported yet: any value is refused.
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
        provider: Name of the payment provider.
        payment_method: The provider's token of the payment method.
        return_url: Where the provider sends the customer back to.
    """

    provider: str
    payment_method: str | None = None
    return_url: str | None = None
