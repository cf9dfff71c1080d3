"""The price of a cart now: without what cannot be bought, and codes that do not apply."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mercato_carts.models import Cart
from mercato_carts.values import EnteredCode, Wishes
from mercato_contracts.baskets import Customer
from mercato_contracts.orders import (
    OrderRefused,
    Orders,
    Prepared,
    Quoted,
    Wanted,
    WantedLine,
)
from mercato_kit.http import Outdated
from mercato_kit.principals import Principal
from mercato_kit.services import get

_CODES = "/discount_codes/"
NO_EFFECT = "no_effect"
"""The code of such a warning."""


Quote = Callable[[Wanted], tuple[Prepared | None, Quoted]]
"""Returns what remote providers have answered, and the price."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a cart, as plain values: they outlive a transaction."""

    version: int
    currency: str
    codes: tuple[str, ...]
    lines: tuple[WantedLine, ...]


@dataclass(slots=True)
class Price:
    """What a cart costs.

    Args:
        codes: The codes that apply.
        refused: The codes that do not apply, by code.
        unavailable: The variants that cannot be bought.
        quoted: The price; None if there is none.
        refusal: Why there is none; None for a cart with nothing to buy.
        prepared: What remote providers have answered.
        version: The version of the cart.
    """

    codes: list[str]
    refused: dict[str, EnteredCode] = field(default_factory=dict)
    unavailable: set[UUID] = field(default_factory=set)
    quoted: Quoted | None = None
    refusal: OrderRefused | None = None
    prepared: Prepared | None = None
    version: int = 0


def current_price(cart: Cart, price: Price | None) -> Price | None:
    """Return a price that was asked for before.

    Raises:
        Outdated: The cart has changed since.
    """
    if price is not None and price.version != cart.version:
        raise Outdated
    return price


def contents_of(cart: Cart) -> Contents:
    """Return what is in a cart; each code once."""
    return Contents(
        version=cart.version,
        currency=cart.currency,
        codes=tuple(dict.fromkeys(cart.codes)),
        lines=tuple(WantedLine(line.variant_id, line.quantity) for line in cart.lines),
    )


def price_cart(
    contents: Contents,
    principal: Principal,
    wishes: Wishes | None = None,
    quote: Quote | None = None,
) -> Price:
    """Return the price of what can be bought, with the codes that apply.

    Each question that orders refuses is asked again without what was refused.

    Args:
        contents: What is in the cart.
        principal: Who buys.
        wishes: How it is to be sent and billed.
        quote: Asks orders; by default in the current transaction.
    """
    price = Price(list(contents.codes), version=contents.version)
    while any(line.variant_id not in price.unavailable for line in contents.lines):
        wanted = wanted_of(contents, price, principal, wishes or Wishes())
        try:
            price.prepared, price.quoted = (quote or _quote)(wanted)
        except OrderRefused as refused:
            if _leave_out(price, refused):
                continue
            price.refusal = refused
        break
    return price


def _quote(wanted: Wanted) -> tuple[None, Quoted]:
    return None, get(Orders).quote(wanted)


def codes_with_effect(price: Price) -> list[str]:
    """Return the codes that take something off."""
    without = codes_without_effect(price.quoted.warnings) if price.quoted else set()
    return [code for code in price.codes if code not in without]


def codes_without_effect(warnings: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the codes that a price warns of, because they take nothing off."""
    return {warning["discount_code"] for warning in warnings if warning["code"] == NO_EFFECT}


def wanted_of(
    contents: Contents, price: Price, principal: Principal, wishes: Wishes, **members: Any
) -> Wanted:
    """Return what is to be bought, without what *price* leaves out.

    Args:
        contents: What is in the cart.
        price: The codes that apply, and the variants that cannot be bought.
        principal: Who buys.
        wishes: How it is to be sent and billed.
        **members: Further members.
    """
    return Wanted(
        lines=tuple(line for line in contents.lines if line.variant_id not in price.unavailable),
        currency=contents.currency,
        customer=_customer_of(principal, wishes),
        discount_codes=tuple(price.codes),
        shipping_method=wishes.shipping_method,
        shipping_address=wishes.shipping_address,
        billing_address=wishes.billing_address,
        tax_id=wishes.tax_id,
        **members,
    )


def _customer_of(principal: Principal, wishes: Wishes) -> Customer:
    """Return who buys. No other address, nor another spelling, stands for one that is verified."""
    verified = principal.email if principal.email_verified else None
    email = verified or wishes.email or principal.email
    return Customer(principal.sub, email, principal.email_verified)


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
