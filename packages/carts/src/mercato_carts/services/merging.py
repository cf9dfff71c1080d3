"""Merge the cart of a guest into that of the customer, who has signed in."""

from uuid import UUID

from mercato_carts.access import Caller
from mercato_carts.errors import CartClosed, CartFull
from mercato_carts.models import Cart, Line
from mercato_carts.services.carts import lock_cart, note_change, open_customers_cart
from mercato_carts.services.lines import find_line
from mercato_carts.values import MAX_CODES, MAX_LINES, MAX_QUANTITY
from mercato_kit.db import found, session


def merge_cart(cart_id: UUID, caller: Caller) -> Cart:
    """Merge a guest's cart into the customer's, and return that.

    No line is lost: units of one variant are summed, up to those that an order can have. Codes are
    joined, the customer's first, up to those that a cart can have. A repeated call returns the
    customer's cart and changes nothing.

    Args:
        cart_id: Id of the guest's cart, or of the customer's.
        caller: The customer, with the access token of the guest's cart.

    Raises:
        NotFound: The cart does not exist, or belongs to someone else.
        CartClosed: It was ordered.
        CartFull: The customer's cart has more lines than an order can have already.
    """
    guests = lock_cart(cart_id, caller)
    customer_id = found(caller.principal.sub)
    if guests.customer_id is not None:
        return guests
    if guests.status == "ordered":
        raise CartClosed
    own = open_customers_cart(customer_id, guests.currency)
    if guests.status == "open":
        if len(own.lines) > MAX_LINES:
            raise CartFull
        _move(guests, own)
        note_change(own)
        guests.status, guests.merged_into = "merged", own.id
        session.flush()
    return own


def _move(guests: Cart, own: Cart) -> None:
    for line in list(guests.lines):
        there = find_line(own, line.variant_id)
        if there is None:
            own.lines.append(_copy(line, same_currency=guests.currency == own.currency))
        else:
            there.quantity = min(there.quantity + line.quantity, MAX_QUANTITY)
    guests.lines.clear()
    own.codes = list(dict.fromkeys([*own.codes, *guests.codes]))[:MAX_CODES]


def _copy(line: Line, *, same_currency: bool) -> Line:
    return Line(
        product_id=line.product_id,
        variant_id=line.variant_id,
        sku=line.sku,
        name=line.name,
        variant_name=line.variant_name,
        image_url=line.image_url,
        quantity=line.quantity,
        unit_amount=line.unit_amount if same_currency else None,
    )
