"""From a quote of the catalog to a basket, and from a priced basket back to lines."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from mercato_contracts.baskets import Basket, BasketLine
from mercato_contracts.catalog import Quote, QuoteLine
from mercato_contracts.orders import Wanted
from mercato_kit.emails import canonical_email
from mercato_orders.pricing.codes import plain_codes
from mercato_orders.pricing.values import Priced, PricedLine, PricedOrder


def basket_of(quote: Quote, quantities: Mapping[UUID, int], wanted: Wanted, at: datetime) -> Basket:
    """Return a basket at listed prices, without a shipping method.

    Args:
        quote: One line a variant.
        quantities: Units (1 or more), by variant id.
        wanted: Who buys, where it is sent, and discount codes.
        at: When (aware).
    """
    lines = tuple(
        _line(position, item, quantities[item.variant_id])
        for position, item in enumerate(quote.lines)
    )
    email = wanted.customer.email
    return Basket(
        lines=lines,
        currency=quote.currency,
        at=at,
        customer=replace(wanted.customer, email=None if email is None else canonical_email(email)),
        codes=plain_codes(wanted.discount_codes),
        shipping_address=wanted.shipping_address,
        billing_address=wanted.billing_address,
        tax_id=wanted.tax_id,
    )


def _line(position: int, item: QuoteLine, quantity: int) -> BasketLine:
    return BasketLine(
        position=position,
        product_id=item.product_id,
        variant_id=item.variant_id,
        sku=item.sku,
        category_ids=item.category_ids,
        tax_code=item.tax_code,
        unit_amount=item.unit_amount,
        quantity=quantity,
        weight_grams=item.weight_grams,
        requires_shipping=item.requires_shipping,
    )


def priced_order(quote: Quote, total: Priced) -> PricedOrder:
    """Return the lines of *quote* with the prices of *total*."""
    positions = range(len(quote.lines))
    return PricedOrder(tuple(_priced(quote, total, one) for one in positions), total)


def _priced(quote: Quote, total: Priced, position: int) -> PricedLine:
    line, tax = total.basket.lines[position], total.line_taxes[position]
    return PricedLine(
        item=quote.lines[position],
        quantity=line.quantity,
        amount_subtotal=line.amount_subtotal,
        amount_discount=line.amount_discount,
        tax_rate_ppm=total.line_rates[position],
        amount_tax=tax,
        amount_total=line.amount if total.tax_included else line.amount + tax,
    )
