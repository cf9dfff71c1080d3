"""Order a cart: once, by the id of the cart."""

from uuid import UUID

from mercato_carts.access import Caller
from mercato_carts.errors import CartClosed, CartEmpty, CheckoutRefused
from mercato_carts.models import Cart
from mercato_carts.services.carts import lock_cart, note_change
from mercato_carts.services.prices import (
    Price,
    codes_with_effect,
    contents_of,
    current_price,
    price_cart,
    wanted_of,
)
from mercato_carts.values import Checkout
from mercato_contracts.orders import OrderRefused, Orders, Placed
from mercato_kit.emails import canonical_email
from mercato_kit.errors import FieldError, Invalid, Problem, Unavailable, invalid
from mercato_kit.principals import Principal
from mercato_kit.services import get

_INVALID, _UNAVAILABLE, _SERVER_ERROR = 422, 503, 500


def check_out(
    cart_id: UUID, checkout: Checkout, caller: Caller, price: Price | None = None
) -> Placed:
    """Order a cart, or return the order that was placed from it.

    Codes that do not apply are left out: the total is the one that the customer saw.

    Args:
        cart_id: Id of the cart.
        checkout: What is needed beside its lines and codes.
        caller: The caller.
        price: Its price, if remote providers were asked for it.

    Raises:
        NotFound: The cart does not exist, or belongs to someone else.
        CartClosed: It was merged.
        CartEmpty: It has no lines.
        CheckoutRefused, Invalid, Unavailable: Orders refuses it.
        Outdated: The cart is not the one of *price*.
    """
    cart = lock_cart(cart_id, caller)
    if cart.status == "merged":
        raise CartClosed
    if not cart.lines:
        raise CartEmpty
    placed = _place(cart, checkout, caller.principal, price)
    if cart.status == "open":
        cart.status, cart.order_id = "ordered", placed.id
        note_change(cart)
    return placed


def _place(cart: Cart, checkout: Checkout, principal: Principal, price: Price | None) -> Placed:
    _check_email(checkout.email, principal)
    if cart.status == "open":
        price = current_price(cart, price)
        if price is None and cart.codes:
            price = price_cart(contents_of(cart), principal, checkout)
    wanted = wanted_of(
        contents_of(cart),
        Price(codes_with_effect(price) if price else []),
        principal,
        checkout,
        expected_amount_total=checkout.expected_amount_total,
        note=checkout.note,
        metadata=checkout.metadata,
    )
    try:
        return get(Orders).place(cart.id, wanted, price.prepared if price else None)
    except OrderRefused as refused:
        raise _problem_of(refused) from refused


def _check_email(email: str | None, principal: Principal) -> None:
    """Check that a customer with a verified address names no other one.

    Order mail does not go to a third person.
    """
    if email is None or principal.email is None or not principal.email_verified:
        return
    if canonical_email(email) != canonical_email(principal.email):
        raise invalid("/email", "not_yours", "Must be the address of your account.")


def _problem_of(refused: OrderRefused) -> Problem:
    """Return the problem for a refusal. Pointers are those of this request, as of an order's."""
    if refused.status == _UNAVAILABLE:
        return Unavailable()
    if refused.status == _INVALID:
        errors = (FieldError(one.pointer, one.code, one.detail) for one in refused.errors)
        return Invalid(errors=tuple(errors))
    if refused.status >= _SERVER_ERROR:
        raise refused
    return CheckoutRefused(refused.code, refused.members)
