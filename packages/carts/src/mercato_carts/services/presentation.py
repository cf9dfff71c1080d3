"""What is shown of a cart: its lines and codes with their prices, and what has changed."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from mercato_carts.models import Cart, Line
from mercato_carts.services.prices import (
    NO_EFFECT,
    Price,
    codes_without_effect,
    contents_of,
    current_price,
    price_cart,
)
from mercato_carts.settings import CartsSettings
from mercato_carts.values import Change, EnteredCode, ShownCart, ShownLine, Wishes
from mercato_contracts.orders import OrderLine
from mercato_kit.principals import Principal
from mercato_kit.settings import current_settings


def show_cart(
    cart: Cart, principal: Principal, wishes: Wishes | None = None, price: Price | None = None
) -> ShownCart:
    """Return a cart with its price now; one that is closed has none.

    Args:
        cart: The cart.
        principal: Who buys.
        wishes: How it is to be sent and billed.
        price: Its price, if remote providers were asked for it.

    Raises:
        Outdated: The cart is not the one of *price*.
    """
    if cart.status != "open":
        return _shown(cart, Price(list(cart.codes)))
    return _shown(
        cart, current_price(cart, price) or price_cart(contents_of(cart), principal, wishes)
    )


def _shown(cart: Cart, price: Price) -> ShownCart:
    quoted = price.quoted
    priced = {line.variant_id: line for line in quoted.lines} if quoted else {}
    warnings = quoted.warnings if quoted else ()
    days = current_settings(CartsSettings).expiry_days
    return ShownCart(
        id=cart.id,
        status=cart.status,
        currency=cart.currency,
        customer_id=cart.customer_id,
        order_id=cart.order_id,
        lines=tuple(_line(line, priced.get(line.variant_id)) for line in cart.lines),
        codes=tuple(_codes(cart, price, warnings)),
        changes=tuple(_changes(cart, price, priced, warnings)),
        totals=quoted.totals if quoted else None,
        shipping_methods=quoted.shipping_methods if quoted else (),
        warnings=tuple(warning for warning in warnings if not _is_shown(warning)),
        refusal=price.refusal.code if price.refusal else None,
        valid_until=quoted.valid_until if quoted else None,
        created_at=cart.created_at,
        updated_at=cart.updated_at,
        expires_at=cart.updated_at + timedelta(days=days),
    )


def _line(line: Line, price: OrderLine | None) -> ShownLine:
    return ShownLine(
        variant_id=line.variant_id,
        product_id=line.product_id,
        sku=line.sku,
        name=line.name,
        variant_name=line.variant_name,
        image_url=line.image_url,
        quantity=line.quantity,
        price=price,
    )


def _codes(
    cart: Cart, price: Price, warnings: tuple[Mapping[str, Any], ...]
) -> Iterator[EnteredCode]:
    without_effect = codes_without_effect(warnings)
    for code in dict.fromkeys(cart.codes):
        if code in price.refused:
            yield price.refused[code]
        elif code in without_effect:
            yield EnteredCode(
                code, applies=False, reason=NO_EFFECT, detail="This code takes nothing off."
            )
        else:
            yield EnteredCode(code, applies=price.quoted is not None)


def _changes(
    cart: Cart,
    price: Price,
    priced: Mapping[UUID, OrderLine],
    warnings: tuple[Mapping[str, Any], ...],
) -> Iterator[Change]:
    short = {warning.get("variant_id") for warning in warnings}
    for line in cart.lines:
        now = priced.get(line.variant_id)
        if line.variant_id in price.unavailable:
            yield Change("unavailable", line.variant_id)
        elif now is not None and line.unit_amount not in (None, now.unit_amount):
            yield Change("price_changed", line.variant_id, line.unit_amount, now.unit_amount)
        if line.variant_id in short:
            yield Change("insufficient_stock", line.variant_id)


def _is_shown(warning: Mapping[str, Any]) -> bool:
    """Return whether a warning is shown as a change, or beside a code."""
    return warning["code"] in (NO_EFFECT, "insufficient_stock")
