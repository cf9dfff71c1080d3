"""What an order costs: pure functions over a quote, exact to the minor unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from mercato_contracts.catalog import Quote
from mercato_contracts.catalog import QuoteLine
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_orders.errors import AmountTooLarge


@dataclass(frozen=True, slots=True)
class PricedLine:
    """Some units of one variant and what they cost, in minor units of the order's currency.

    Args:
        item: The variant, as the catalogue sells it.
        quantity: Units.
        amount_subtotal: Units times price.
        amount_discount: What is taken off.
        amount_tax: What is added.
        amount_total: What is left to pay.
    """

    item: QuoteLine
    quantity: int
    amount_subtotal: int
    amount_discount: int
    amount_tax: int
    amount_total: int


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """All lines and their totals, in minor units of *currency*; same names as in the API."""

    lines: tuple[PricedLine, ...]
    currency: str
    amount_subtotal: int
    amount_discount: int
    amount_shipping: int
    amount_tax: int
    amount_total: int


def price(quote: Quote, quantities: Mapping[UUID, int]) -> PricedOrder:
    """Total up *quote* for *quantities*.

    Discounts, shipping and tax are not charged in this version. They enter here and in
    :func:`_price_line`, and nowhere else.

    Args:
        quote: One line a variant.
        quantities: Units (1 or more), by variant id.

    Raises:
        AmountTooLarge: The total is above 2^53 - 1.
    """
    lines = tuple(_price_line(item, quantities[item.variant_id]) for item in quote.lines)
    amount_subtotal = sum(line.amount_subtotal for line in lines)
    if amount_subtotal > MAX_SAFE_INTEGER:
        raise AmountTooLarge
    return PricedOrder(
        lines=lines,
        currency=quote.currency,
        amount_subtotal=amount_subtotal,
        amount_discount=0,
        amount_shipping=0,
        amount_tax=0,
        amount_total=amount_subtotal,
    )


def _price_line(item: QuoteLine, quantity: int) -> PricedLine:
    amount = item.unit_amount * quantity
    return PricedLine(
        item=item,
        quantity=quantity,
        amount_subtotal=amount,
        amount_discount=0,
        amount_tax=0,
        amount_total=amount,
    )
