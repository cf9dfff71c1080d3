"""What an order would cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from mercato_contracts import catalog
from mercato_kit.db import utc_now
from mercato_kit.services import get
from mercato_orders.errors import UnknownDiscountCode
from mercato_orders.errors import UnknownShippingMethod
from mercato_orders.errors import VariantUnavailable
from mercato_orders.pricing import PricedOrder
from mercato_orders.pricing import price
from mercato_orders.values import NewOrder
from mercato_orders.values import WantedQuote
from mercato_orders.values import sum_quantities


@dataclass(frozen=True, slots=True)
class Warned:
    """A line that would probably be refused now."""

    code: str
    variant_id: UUID
    requested: int


@dataclass(frozen=True, slots=True)
class Quotation:
    """A priced order that nobody has placed, and what may keep it from being placed."""

    order: PricedOrder
    warnings: tuple[Warned, ...]


def quote_order(wanted: WantedQuote) -> Quotation:
    """Price what is wanted. Writes nothing and promises nothing.

    Raises:
        UnknownShippingMethod, UnknownDiscountCode: The shop has none of that name.
        VariantUnavailable: Some of it is not for sale.
        AmountTooLarge: The total is above 2^53 - 1.
    """
    check_wishes(wanted)
    order = price_now(sum_quantities(wanted.lines), wanted.currency)
    warnings = tuple(
        Warned("insufficient_stock", line.item.variant_id, line.quantity)
        for line in order.lines
        if line.item.available is not None and line.item.available < line.quantity
    )
    return Quotation(order, warnings)


def check_wishes(wanted: WantedQuote | NewOrder) -> None:
    """Refuse a shipping method or a discount, of which the shop has none in this version.

    Raises:
        UnknownShippingMethod, UnknownDiscountCode: The shop has none of that name.
    """
    if wanted.shipping_method is not None:
        raise UnknownShippingMethod
    if wanted.discount_codes:
        raise UnknownDiscountCode


def price_now(quantities: Mapping[UUID, int], currency: str) -> PricedOrder:
    """Price *quantities* as they are sold at this moment, in one SELECT.

    Raises:
        VariantUnavailable: Some of it is not for sale.
        AmountTooLarge: The total is above 2^53 - 1.
    """
    try:
        quote = get(catalog.Catalog).quote(quantities, currency, utc_now())
    except catalog.VariantUnavailable as unavailable:
        raise VariantUnavailable(unavailable.variant_ids) from unavailable
    return price(quote, quantities)
