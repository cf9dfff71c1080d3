"""The price of a cart now: without what cannot be bought, and codes that do not apply."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from mercato_carts.models import Cart, Line
from mercato_carts.settings import CartsSettings
from mercato_carts.values import Change, EnteredCode, ShownCart, ShownLine, Wishes
from mercato_contracts.baskets import Customer
from mercato_contracts.orders import OrderLine, OrderRefused, Orders, Quoted, Wanted, WantedLine
from mercato_kit.principals import Principal
from mercato_kit.services import get
from mercato_kit.settings import current_settings

_CODES = "/discount_codes/"
_NO_EFFECT = "no_effect"


@dataclass(slots=True)
class Price:
    """What a cart costs.

    Args:
        codes: The codes that apply.
        refused: The codes that do not apply, by code.
        unavailable: The variants that cannot be bought.
        quoted: The price; None if there is none.
        refusal: Why there is none; None for a cart with nothing to buy.
    """

    codes: list[str]
    refused: dict[str, EnteredCode] = field(default_factory=dict)
    unavailable: set[UUID] = field(default_factory=set)
    quoted: Quoted | None = None
    refusal: OrderRefused | None = None


def show_cart(cart: Cart, principal: Principal, wishes: Wishes | None = None) -> ShownCart:
    """Return a cart with its price now; one that is closed has none."""
    is_open = cart.status == "open"
    price = price_cart(cart, principal, wishes) if is_open else Price(list(cart.codes))
    return _shown(cart, price)


def price_cart(cart: Cart, principal: Principal, wishes: Wishes | None = None) -> Price:
    """Return the price of what can be bought, with the codes that apply.

    Each question that orders refuses is asked again without what was refused.
    """
    price = Price(list(dict.fromkeys(cart.codes)))
    while any(line.variant_id not in price.unavailable for line in cart.lines):
        wanted = wanted_of(cart, price, principal, wishes or Wishes())
        try:
            price.quoted = get(Orders).quote(wanted)
        except OrderRefused as refused:
            if _leave_out(price, refused):
                continue
            price.refusal = refused
        break
    return price


def codes_with_effect(price: Price) -> list[str]:
    """Return the codes that take something off."""
    without = _without_effect(price.quoted.warnings) if price.quoted else set()
    return [code for code in price.codes if code not in without]


def wanted_of(
    cart: Cart, price: Price, principal: Principal, wishes: Wishes, **members: Any
) -> Wanted:
    """Return what is to be bought, without what *price* leaves out.

    Args:
        cart: The cart.
        price: The codes that apply, and the variants that cannot be bought.
        principal: Who buys.
        wishes: How it is to be sent and billed.
        **members: Further members.
    """
    return Wanted(
        lines=tuple(
            WantedLine(line.variant_id, line.quantity)
            for line in cart.lines
            if line.variant_id not in price.unavailable
        ),
        currency=cart.currency,
        customer=Customer(principal.sub, wishes.email or principal.email, principal.email_verified),
        discount_codes=tuple(price.codes),
        shipping_method=wishes.shipping_method,
        shipping_address=wishes.shipping_address,
        billing_address=wishes.billing_address,
        tax_id=wishes.tax_id,
        **members,
    )


def _leave_out(price: Price, refused: OrderRefused) -> bool:
    """Leave out what orders refused; return whether there was something."""
    if refused.code == "variant_unavailable":
        before = len(price.unavailable)
        price.unavailable |= {UUID(str(one)) for one in refused.members.get("variant_ids", ())}
        return len(price.unavailable) > before
    errors = [error for error in refused.errors if error.pointer.startswith(_CODES)]
    # The reason is that of the first code: the others are asked about again.
    reason = refused.members.get("reason")
    named = errors[:1] if reason else errors
    places = {int(error.pointer.removeprefix(_CODES)): error for error in named}
    for place, error in places.items():
        code = price.codes[place]
        price.refused[code] = EnteredCode(
            code, applies=False, reason=reason or error.code, detail=error.detail
        )
    price.codes = [code for code in price.codes if code not in price.refused]
    return bool(places)


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
    without_effect = _without_effect(warnings)
    for code in dict.fromkeys(cart.codes):
        if code in price.refused:
            yield price.refused[code]
        elif code in without_effect:
            yield EnteredCode(
                code, applies=False, reason=_NO_EFFECT, detail="This code takes nothing off."
            )
        else:
            yield EnteredCode(code, applies=price.quoted is not None)


def _without_effect(warnings: tuple[Mapping[str, Any], ...]) -> set[str]:
    return {warning["discount_code"] for warning in warnings if warning["code"] == _NO_EFFECT}


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
    return warning["code"] in (_NO_EFFECT, "insufficient_stock")
