"""The price of an order: pure functions of a quote, exact to the minor unit."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from mercato_contracts.catalog import Quote, QuoteLine
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_orders.errors import AmountTooLarge


@dataclass(frozen=True, slots=True)
class PricedLine:
    """Units of one variant with their price, in minor units of the order's currency.

    Args:
        item: The variant as quoted.
        quantity: Units.
        amount_subtotal: Quantity times unit price.
        amount_discount: Discount.
        amount_tax: Tax.
        amount_total: Amount to pay.
    """

    item: QuoteLine
    quantity: int
    amount_subtotal: int
    amount_discount: int
    amount_tax: int
    amount_total: int


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """Lines and totals in minor units of *currency*. The names are those of the API."""

    lines: tuple[PricedLine, ...]
    currency: str
    amount_subtotal: int
    amount_discount: int
    amount_shipping: int
    amount_tax: int
    amount_total: int


def price(quote: Quote, quantities: Mapping[UUID, int]) -> PricedOrder:
    """Compute the totals of *quote* for *quantities*.

    This version does not charge discounts, shipping or tax. Add them here and in
    :func:`_price_line`.

    Args:
        quote: One line per variant.
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
