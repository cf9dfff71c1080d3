"""Input of the services, as plain values."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload
from uuid import UUID

from mercato_contracts.baskets import Address, Customer
from mercato_contracts.orders import Wanted, WantedLine
from mercato_kit.emails import canonical_email

MAX_QUANTITY = 999
"""Maximum units of one variant in one order."""

StoredAddress = dict[str, Any]
"""The members of an address that have a value, by name."""


PPM_OF_A_PERCENT = 10_000


@overload
def percent(ppm: int) -> str: ...


@overload
def percent(ppm: int | None) -> str | None: ...


def percent(ppm: int | None) -> str | None:
    """Return parts per million as percent, in decimals: ``19``, ``6.25``."""
    if ppm is None:
        return None
    whole, rest = divmod(ppm, PPM_OF_A_PERCENT)
    return f"{whole}.{rest:04}".rstrip("0").rstrip(".")


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


def stored_address(address: Address | None) -> StoredAddress | None:
    """Return an address as the database keeps it."""
    if address is None:
        return None
    members = ((name, getattr(address, name)) for name in Address.__slots__)
    return {name: value for name, value in members if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order to quote or to place.

    Args:
        lines: 1 to 100; lines of the same variant are summed.
        currency: ISO 4217 code.
        shipping_address: Address of delivery; required to place the order.
        billing_address: Address of the bill; None for the shipping address.
        shipping_method: ``<provider>.<code>``.
        discount_codes: As the customer wrote them.
        tax_id: The customer's VAT number or the like.
        email: The customer's address. Required for guests who place an order; a caller with a
            verified address cannot name another.
        expected_amount_total: The total the client expects, in minor units; None to accept any.
        note: The customer's note.
        metadata: The client's key-value pairs.
    """

    lines: Sequence[WantedLine]
    currency: str
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping_method: str | None = None
    discount_codes: Sequence[str] = ()
    tax_id: str | None = None
    email: str | None = None
    expected_amount_total: int | None = None
    note: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def by(self, customer: Customer) -> Wanted:
        """Return it as a purchase of *customer*."""
        return Wanted(
            lines=tuple(self.lines),
            currency=self.currency,
            customer=customer,
            discount_codes=tuple(self.discount_codes),
            shipping_method=self.shipping_method,
            shipping_address=self.shipping_address,
            billing_address=self.billing_address,
            tax_id=self.tax_id,
            expected_amount_total=self.expected_amount_total,
            note=self.note,
            metadata=self.metadata,
        )


@dataclass(frozen=True, slots=True)
class NewRefund:
    """Money to give back; all that is left if it names neither an amount, lines nor shipping.

    Args:
        amount: Minor units; money alone, without lines.
        lines: Units by id of the line.
        amount_shipping: Minor units of shipping, with tax.
        reason: Why.
        restock: Whether units that were sent have come back.
    """

    amount: int | None = None
    lines: Mapping[UUID, int] = field(default_factory=dict)
    amount_shipping: int | None = None
    reason: str | None = None
    restock: bool = False


@dataclass(frozen=True, slots=True)
class Cancellation:
    """What of an order is to be canceled; all of it if there are no lines.

    Args:
        lines: Units by id of the line.
        reason: Why.
        restock: Always true: units that are not sent are released.
    """

    lines: Mapping[UUID, int] = field(default_factory=dict)
    reason: str | None = None
    restock: bool = True


@dataclass(frozen=True, slots=True)
class NewFulfillment:
    """Units to send together.

    Args:
        lines: Units by id of the line.
        tracking_company: Who carries them.
        tracking_number: The carrier's number of the parcel.
    """

    lines: Mapping[UUID, int]
    tracking_company: str | None = None
    tracking_number: str | None = None


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
