"""Add, change and remove the lines and codes of a cart."""

from collections.abc import Sequence
from uuid import UUID

from mercato_carts.access import Caller
from mercato_carts.errors import CartFull, VariantUnavailable
from mercato_carts.models import Cart, Line
from mercato_carts.services.carts import lock_open_cart, note_change
from mercato_carts.values import MAX_LINES, MAX_QUANTITY
from mercato_contracts import catalog
from mercato_kit.db import found, utc_now
from mercato_kit.services import get


def add_units(cart_id: UUID, variant_id: UUID, quantity: int, caller: Caller) -> Cart:
    """Add units of a variant.

    Raises:
        NotFound: The cart does not exist, or belongs to someone else.
        CartClosed: It was ordered or merged.
        CartFull: It has as many lines or units as an order can have.
        VariantUnavailable: The variant is not for sale.
    """
    cart = lock_open_cart(cart_id, caller)
    line = find_line(cart, variant_id)
    return _put(cart, variant_id, quantity + (line.quantity if line else 0))


def set_quantity(cart_id: UUID, variant_id: UUID, quantity: int, caller: Caller) -> Cart:
    """Set the units of a variant, and take its price as seen; see :func:`add_units`."""
    return _put(lock_open_cart(cart_id, caller), variant_id, quantity)


def remove_line(cart_id: UUID, variant_id: UUID, caller: Caller) -> Cart:
    """Remove a variant.

    Raises:
        NotFound: The cart does not exist, belongs to someone else, or has no such line.
        CartClosed: It was ordered or merged.
    """
    cart = lock_open_cart(cart_id, caller)
    cart.lines.remove(found(find_line(cart, variant_id)))
    note_change(cart)
    return cart


def set_codes(cart_id: UUID, codes: Sequence[str], caller: Caller) -> Cart:
    """Set the discount codes. They are kept, whether they apply or not.

    Raises:
        NotFound: The cart does not exist, or belongs to someone else.
        CartClosed: It was ordered or merged.
    """
    cart = lock_open_cart(cart_id, caller)
    cart.codes = list(codes)
    note_change(cart)
    return cart


def find_line(cart: Cart, variant_id: UUID) -> Line | None:
    """Return the line of a variant; None if the cart has none."""
    return next((line for line in cart.lines if line.variant_id == variant_id), None)


def _put(cart: Cart, variant_id: UUID, quantity: int) -> Cart:
    item = _item(variant_id, quantity, cart.currency)
    line = find_line(cart, variant_id)
    if quantity > MAX_QUANTITY or (line is None and len(cart.lines) >= MAX_LINES):
        raise CartFull
    if line is None:
        line = Line(variant_id=variant_id)
        cart.lines.append(line)
    line.quantity = quantity
    line.product_id = item.product_id
    line.sku, line.name, line.variant_name = item.sku, item.name, item.variant_name
    line.image_url = item.image_url
    line.unit_amount = item.unit_amount
    note_change(cart)
    return cart


def _item(variant_id: UUID, quantity: int, currency: str) -> catalog.QuoteLine:
    try:
        quote = get(catalog.Catalog).quote({variant_id: quantity}, currency, utc_now())
    except catalog.VariantUnavailable as error:
        raise VariantUnavailable from error
    return quote.lines[0]
