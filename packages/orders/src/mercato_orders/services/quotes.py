"""Price an order without placing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from mercato_contracts import catalog
from mercato_contracts.baskets import Customer
from mercato_kit.db import utc_now
from mercato_kit.services import get
from mercato_orders.errors import UnknownDiscountCode, UnknownShippingMethod, VariantUnavailable
from mercato_orders.pricing import PricedOrder, add_tax, basket_of, priced_order, take_off
from mercato_orders.values import NewOrder, WantedQuote, sum_quantities


@dataclass(frozen=True, slots=True)
class QuoteWarning:
    """A line that would be refused now."""

    code: str
    variant_id: UUID
    requested: int


@dataclass(frozen=True, slots=True)
class Quotation:
    """A priced order and its warnings."""

    order: PricedOrder
    warnings: tuple[QuoteWarning, ...]


def quote_order(wanted: WantedQuote) -> Quotation:
    """Price an order. Writes and reserves nothing.

    Raises:
        UnknownShippingMethod, UnknownDiscountCode: This version supports none.
        VariantUnavailable: Some variants are not for sale.
        AmountTooLarge: The total is above 2^53 - 1.
    """
    refuse_unsupported(wanted)
    order = price_now(sum_quantities(wanted.lines), wanted.currency)
    warnings = tuple(
        QuoteWarning("insufficient_stock", line.item.variant_id, line.quantity)
        for line in order.lines
        if line.item.available is not None and line.item.available < line.quantity
    )
    return Quotation(order, warnings)


def refuse_unsupported(wanted: WantedQuote | NewOrder) -> None:
    """Refuse shipping methods and discount codes, which this version does not support.

    Raises:
        UnknownShippingMethod, UnknownDiscountCode: This version supports none.
    """
    if wanted.shipping_method is not None:
        raise UnknownShippingMethod
    if wanted.discount_codes:
        raise UnknownDiscountCode


def price_now(quantities: Mapping[UUID, int], currency: str) -> PricedOrder:
    """Price *quantities* at current prices, with one call of the catalog.

    Raises:
        VariantUnavailable: Some variants are not for sale.
        AmountTooLarge: The total is above 2^53 - 1.
    """
    now = utc_now()
    try:
        quote = get(catalog.Catalog).quote(quantities, currency, now)
    except catalog.VariantUnavailable as unavailable:
        raise VariantUnavailable(unavailable.variant_ids) from unavailable
    basket = basket_of(quote, quantities, Customer(None, None), now)
    return priced_order(quote, add_tax(take_off(basket, ()), None))
