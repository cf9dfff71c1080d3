"""Values of a purchase that discounts, shipping and taxes are asked about.

Amounts are whole minor units of the basket's currency, from 0 to 2^53 - 1, with tax where listed
prices include it. All providers round with :func:`half_up` and divide with :func:`allocate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

PPM = 1_000_000
"""Parts per million: 190,000 ppm is 19 %."""

LARGEST_AMOUNT = 2**53 - 1
"""The largest integer that is exact in JSON."""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address; *country* is a code of ISO 3166-1 alpha-2, or XK."""

    name: str
    line1: str
    city: str
    country: str
    line2: str | None = None
    region: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    """Who buys.

    Args:
        id: The account; None for a guest.
        email: The canonical address, if it is known.
        email_verified: Whether the account has proved that it owns the address.
    """

    id: UUID | None
    email: str | None
    email_verified: bool = False


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Units of one variant.

    Args:
        position: Number of the line, from 0.
        product_id: The product of the variant.
        variant_id: The variant; a basket has at most one line of it.
        sku: Stock keeping unit.
        category_ids: The categories of the product, and those above them.
        tax_code: Tax category; None for the standard rate.
        unit_amount: Price of one unit.
        quantity: Units, 1 or more.
        weight_grams: Weight of one unit; None if unknown.
        requires_shipping: Whether the variant has to be shipped.
        amount_discount: What discounts take off the line.
    """

    position: int
    product_id: UUID
    variant_id: UUID
    sku: str
    category_ids: frozenset[UUID]
    tax_code: str | None
    unit_amount: int
    quantity: int
    weight_grams: int | None
    requires_shipping: bool
    amount_discount: int = 0

    @property
    def amount_subtotal(self) -> int:
        """The listed price of all units."""
        return self.unit_amount * self.quantity

    @property
    def amount(self) -> int:
        """The price that is left after discounts."""
        return self.amount_subtotal - self.amount_discount


@dataclass(frozen=True, slots=True)
class Carriage:
    """The chosen shipping method with its price.

    Args:
        provider: Name of the provider of the method.
        code: The method's code, unique for its provider.
        label: The method's name, for customers.
        amount_subtotal: The listed price.
        tax_code: Tax category; None for the standard rate.
        amount_discount: What discounts take off the price.
    """

    provider: str
    code: str
    label: str
    amount_subtotal: int
    tax_code: str | None = None
    amount_discount: int = 0

    @property
    def amount(self) -> int:
        """The price that is left after discounts."""
        return self.amount_subtotal - self.amount_discount


@dataclass(frozen=True, slots=True)
class Basket:
    """What is to be bought, by whom, and where it is sent.

    Args:
        lines: One line a variant.
        currency: ISO 4217 code.
        at: The time at which prices and conditions apply (aware).
        customer: Who buys.
        codes: Discount codes: NFKC, trimmed, in upper case.
        shipping_address: Where the goods are sent.
        billing_address: Where the bill is sent.
        tax_id: The customer's VAT number or the like.
        shipping: The chosen shipping method.
    """

    lines: tuple[BasketLine, ...]
    currency: str
    at: datetime
    customer: Customer
    codes: tuple[str, ...] = ()
    shipping_address: Address | None = None
    billing_address: Address | None = None
    tax_id: str | None = None
    shipping: Carriage | None = None


def half_up(numerator: int, denominator: int) -> int:
    """Divide whole numbers of 0 or more, and round to the nearest; a half is rounded up."""
    return (2 * numerator + denominator) // (2 * denominator)


def allocate(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide *amount* in proportion to *weights*; the parts add up to it.

    Each part is rounded down, and the units that are left go to the largest remainders, of equal
    ones to the first (the method of Hare and Niemeyer).

    Args:
        amount: Minor units, 0 or more; 0 where all weights are 0.
        weights: Whole numbers, 0 or more.

    Raises:
        ValueError: There is an amount and no weight.
    """
    whole = sum(weights)
    if not whole:
        if amount:
            raise ValueError(f"{amount} cannot be divided: all weights are 0")
        return [0] * len(weights)
    parts, remainders = zip(*(divmod(amount * weight, whole) for weight in weights), strict=True)
    shares = list(parts)
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: amount - sum(parts)]:
        shares[index] += 1
    return shares
