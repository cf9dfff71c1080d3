"""The price of an order: the same function for a quote and for an order that is placed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from mercato_contracts import catalog
from mercato_contracts.baskets import Basket, Carriage
from mercato_contracts.catalog import Quote
from mercato_contracts.discounts import Discounts, Use
from mercato_contracts.orders import QuotedMethod, Wanted
from mercato_contracts.shipping import Method, Shipping
from mercato_kit.errors import Invalid, invalid
from mercato_kit.services import get, names, remote_terms
from mercato_orders.errors import (
    NoMethodAvailable,
    UnknownShippingMethod,
    VariantUnavailable,
    code_error,
)
from mercato_orders.pricing import (
    NotCombinable,
    Offered,
    PricedOrder,
    Reduced,
    add_tax,
    basket_of,
    priced_order,
    take_off,
)
from mercato_orders.services.answers import ask_discounts, ask_shipping, ask_taxes
from mercato_orders.services.inquiry import Inquiry
from mercato_orders.values import sum_quantities

Offers = Sequence[tuple[Method, Carriage]]


@dataclass(frozen=True, slots=True)
class Price:
    """A price.

    Args:
        order: The priced lines, and the totals.
        uses: Each reduction of a local provider that had an effect, with the provider.
        offers: The shipping methods that can be chosen, with their prices before discounts.
        offered: The reductions that were offered.
        without_effect: Codes that would have an effect on the price of a shipping method only.
        valid_until: Prices may change afterwards (aware).
    """

    order: PricedOrder
    uses: Sequence[tuple[str, Use]]
    offers: Offers
    offered: Sequence[Offered]
    without_effect: Sequence[str]
    valid_until: datetime


def price(wanted: Wanted, inquiry: Inquiry, *, places: bool) -> Price:
    """Ask the catalog, then the providers of discounts, shipping and taxes for a price.

    Args:
        wanted: What is to be bought.
        inquiry: The questions of this price.
        places: Whether the order is placed, which needs a shipping method.

    Raises:
        VariantUnavailable: Some variants are not for sale.
        AmountTooLarge: A total is above 2^53 - 1.
        Invalid: Codes, the shipping method or the tax id are wrong.
        NoMethodAvailable: Nothing is sent to the address.
        ProviderFault, ProviderUnavailable: A provider gives no good answer.
    """
    quantities = sum_quantities(wanted.lines)
    quote = _listed(quantities, wanted.currency, inquiry.at)
    basket = basket_of(quote, quantities, wanted, inquiry.at)
    offered = ask_discounts(inquiry, basket)
    may_choose = _may_choose(basket)
    offers = _offers(inquiry, basket, offered, wanted) if may_choose else ()
    carriage = _choose(offers, wanted.shipping_method)
    if places and may_choose and carriage is None:
        raise invalid("/shipping_method", "required", "Choose a shipping method.")
    reduced = _reduced(replace(basket, shipping=carriage), offered)
    is_open = may_choose and carriage is None
    if reduced.without_effect and not is_open:
        raise _without_effect(basket.codes, reduced.without_effect)
    answer = ask_taxes(inquiry, reduced.basket)
    total = add_tax(reduced, answer.value, answer.provider) if answer else add_tax(reduced, None)
    return Price(
        order=priced_order(quote, total),
        uses=_local(reduced.uses),
        offers=offers,
        offered=offered,
        without_effect=reduced.without_effect,
        valid_until=quote.valid_until,
    )


def _local(uses: Sequence[tuple[str, Use]]) -> Sequence[tuple[str, Use]]:
    """Return the uses of local providers: remote ones do not redeem."""
    return [(name, use) for name, use in uses if remote_terms(Discounts, name) is None]


def methods_of(price: Price) -> tuple[QuotedMethod, ...]:
    """Return the shipping methods that can be chosen, with their prices after discounts."""
    return tuple(_method(price, method, carriage) for method, carriage in price.offers)


def _method(price: Price, method: Method, carriage: Carriage) -> QuotedMethod:
    reduced = take_off(replace(_listed_basket(price), shipping=carriage), price.offered)
    charged = reduced.basket.shipping or carriage
    return QuotedMethod(
        code=name_of(carriage),
        label=method.label,
        amount_subtotal=charged.amount_subtotal,
        amount_discount=charged.amount_discount,
        amount=charged.amount,
        days_min=method.days_min,
        days_max=method.days_max,
    )


def _listed_basket(price: Price) -> Basket:
    """Return the basket of a price before discounts."""
    basket = price.order.total.basket
    return replace(basket, lines=tuple(replace(line, amount_discount=0) for line in basket.lines))


def name_of(carriage: Carriage) -> str:
    """Return the word for a shipping method in the API."""
    return f"{carriage.provider}.{carriage.code}"


def _listed(quantities: Mapping[UUID, int], currency: str, at: datetime) -> Quote:
    try:
        return get(catalog.Catalog).quote(quantities, currency, at)
    except catalog.VariantUnavailable as unavailable:
        raise VariantUnavailable(unavailable.variant_ids) from unavailable


def _may_choose(basket: Basket) -> bool:
    """Return whether the goods are shipped, and a feature of the shop has methods."""
    return any(line.requires_shipping for line in basket.lines) and bool(names(Shipping))


def _offers(inquiry: Inquiry, basket: Basket, offered: Sequence[Offered], wanted: Wanted) -> Offers:
    if basket.shipping_address is None:
        if wanted.shipping_method is not None:
            detail = "The shipping methods depend on the address."
            raise invalid("/shipping_address", "required", detail)
        return ()
    # The price of a method may depend on what is left to pay for the goods.
    offers = tuple(ask_shipping(inquiry, _reduced(basket, offered).basket))
    if not offers:
        raise NoMethodAvailable
    return offers


def _choose(offers: Offers, wanted: str | None) -> Carriage | None:
    if wanted is None:
        return None
    for _, carriage in offers:
        if name_of(carriage) == wanted:
            return carriage
    raise UnknownShippingMethod


def _reduced(basket: Basket, offered: Sequence[Offered]) -> Reduced:
    try:
        return take_off(basket, offered)
    except NotCombinable as error:
        place = basket.codes.index(error.code)
        detail = "This code does not apply beside another one."
        raise Invalid(errors=[code_error(place, "not_combinable", detail)]) from error


def _without_effect(codes: Sequence[str], unused: Sequence[str]) -> Invalid:
    detail = "This code takes nothing off."
    return Invalid(errors=[code_error(codes.index(code), "no_effect", detail) for code in unused])
