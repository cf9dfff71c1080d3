"""Open, find and lock carts."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_carts.access import Caller, access_token, hash_token
from mercato_carts.errors import CartClosed
from mercato_carts.models import Cart
from mercato_kit.db import found, insert, locked, new_id, refreshed, session, utc_now
from mercato_kit.later import by_column, with_defaults
from mercato_kit.principals import Principal


def open_cart(currency: str, principal: Principal) -> tuple[Cart, str | None]:
    """Open a cart, or return the customer's that is open; for a guest, with its access token."""
    if principal.sub is not None:
        return open_customers_cart(principal.sub, currency), None
    cart_id = new_id()
    token = access_token(cart_id)
    cart = Cart(id=cart_id, currency=currency, guest_token_hash=hash_token(token), lines=[])
    session.add(cart)
    session.flush()
    return cart, token


def open_customers_cart(customer_id: UUID, currency: str) -> Cart:
    """Lock the open cart of a customer, and return it; a new one if there is none.

    A unique key decides between concurrent requests. One that waits for the order of the open cart
    finds none then.

    Args:
        customer_id: The customer.
        currency: The currency of a new cart.
    """
    is_open = Cart.customer_id == customer_id, Cart.status == "open"
    statement = refreshed(locked(sa.select(Cart).where(*is_open)))
    while (cart := session.scalar(statement)) is None:
        row = with_defaults(Cart, {"customer_id": customer_id, "currency": currency})
        session.execute(insert(Cart).values(by_column(Cart, row)).on_conflict_do_nothing())
    return cart


def find_cart(cart_id: UUID, caller: Caller) -> Cart:
    """Return a cart of the caller.

    Raises:
        NotFound: It does not exist, or belongs to someone else.
    """
    statement = sa.select(Cart).where(Cart.id == cart_id, caller.owns())
    return found(session.scalar(refreshed(statement)))


def lock_cart(cart_id: UUID, caller: Caller) -> Cart:
    """Lock a cart of the caller, and return it as it is now.

    Raises:
        NotFound: It does not exist, or belongs to someone else.
    """
    statement = sa.select(Cart).where(Cart.id == cart_id, caller.owns())
    return found(session.scalar(refreshed(locked(statement))))


def lock_open_cart(cart_id: UUID, caller: Caller) -> Cart:
    """Lock a cart of the caller that can be changed.

    Raises:
        NotFound: It does not exist, or belongs to someone else.
        CartClosed: It was ordered or merged.
    """
    cart = lock_cart(cart_id, caller)
    if cart.status != "open":
        raise CartClosed
    return cart


def touch(cart: Cart) -> None:
    """Record that a cart has changed: it expires later, and is no longer abandoned."""
    # Twice in a millisecond is twice.
    cart.updated_at = max(utc_now(), cart.updated_at + timedelta(milliseconds=1))
    cart.abandoned_at = None
    session.flush()
