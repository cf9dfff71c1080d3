"""Place an order."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from mercato_contracts import stock
from mercato_kit.db import new_id, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.errors import invalid
from mercato_kit.later import later, with_defaults
from mercato_kit.principals import Principal
from mercato_kit.services import get
from mercato_kit.settings import current_settings
from mercato_kit.views import Shown
from mercato_orders.access import Actor, access_token, hash_token
from mercato_orders.errors import InsufficientStock, PriceChanged
from mercato_orders.models import Line, Order
from mercato_orders.numbers import insert_numbered
from mercato_orders.pricing import PricedLine, PricedOrder
from mercato_orders.services.quotes import price_now, refuse_unsupported
from mercato_orders.settings import OrdersSettings
from mercato_orders.timeline import PLACED, record
from mercato_orders.values import NewOrder, email_key, sum_quantities
from mercato_orders.views import ORDER


def place_order(new: NewOrder, customer: Principal) -> Shown:
    """Place an order for *customer*: price it, insert it and reserve its units.

    The number of SQL statements does not depend on the number of lines. The order is shown as it
    was written, and not read back.

    Raises:
        Invalid: Neither *new* nor *customer* has an e-mail address, or that of *new* differs from
            the verified address of *customer*.
        UnknownShippingMethod, UnknownDiscountCode: This version supports none.
        VariantUnavailable: Some variants are not for sale.
        AmountTooLarge: The total is above 2^53 - 1.
        PriceChanged: The total differs from the expected total.
        InsufficientStock: Some variants have too few units.
    """
    refuse_unsupported(new)
    email = _choose_email(new, customer)
    quantities = sum_quantities(new.lines)
    priced = price_now(quantities, new.currency)
    if new.expected_amount_total not in (None, priced.total.amount_total):
        raise PriceChanged(priced.total.amount_total)
    minutes = current_settings(OrdersSettings).unpaid_expiry_minutes
    expires_at = utc_now() + timedelta(minutes=minutes)
    order = _write_order(new, priced, customer, email, expires_at)
    lines = later(Line, _rows(order["id"], priced.lines))
    # Stock comes last, so that rows of popular variants are locked as briefly as possible.
    _reserve_units(order["id"], quantities, expires_at)
    record(order, PLACED, Actor("guest" if customer.sub is None else "customer", customer.sub))
    return ORDER.of({**order, "lines": lines, "payments": []})


def _choose_email(new: NewOrder, customer: Principal) -> str:
    """Return the e-mail address of an order, as it was written.

    A customer with a verified address cannot name another one, nor another spelling, so that order
    mail does not go to a third person.
    """
    own, named = customer.email, new.email
    if own is None and named is None:
        raise invalid("/email", "required", "Missing data for required field.")
    if own is None or named is None:
        return own or named or ""
    if not customer.email_verified:
        return named
    if canonical_email(named) != canonical_email(own):
        raise invalid("/email", "not_yours", "Must be the address of your account.")
    return own


def _write_order(
    new: NewOrder, priced: PricedOrder, customer: Principal, email: str, expires_at: datetime
) -> dict[str, Any]:
    """Insert an order, and return its row."""
    order_id = new_id()
    guest = customer.sub is None
    values = {
        "id": order_id,
        "customer_id": customer.sub,
        "customer_email": email,
        "customer_email_key": email_key(email),
        "customer_name": customer.name,
        "guest_token_hash": hash_token(access_token(order_id)) if guest else None,
        "currency": new.currency,
        "amount_subtotal": priced.total.amount_subtotal,
        "amount_discount": priced.total.amount_discount,
        "amount_shipping": priced.total.amount_shipping,
        "amount_tax": priced.total.amount_tax,
        "amount_total": priced.total.amount_total,
        "tax_included": priced.total.tax_included,
        "shipping_address": new.shipping_address,
        "billing_address": new.billing_address,
        "note": new.note,
        "metadata_": new.metadata,
        "expires_at": expires_at,
    }
    row = with_defaults(Order, values)
    return {**row, "number": insert_numbered(row)}


def _rows(order_id: UUID, lines: Iterable[PricedLine]) -> Iterator[dict[str, Any]]:
    return (_row(order_id, position, line) for position, line in enumerate(lines))


def _row(order_id: UUID, position: int, line: PricedLine) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "position": position,
        "product_id": line.item.product_id,
        "variant_id": line.item.variant_id,
        "sku": line.item.sku,
        "name": line.item.name,
        "variant_name": line.item.variant_name,
        "image_url": line.item.image_url,
        "tax_code": line.item.tax_code,
        "unit_amount": line.item.unit_amount,
        "quantity": line.quantity,
        "amount_subtotal": line.amount_subtotal,
        "amount_discount": line.amount_discount,
        "tax_rate_ppm": line.tax_rate_ppm,
        "amount_tax": line.amount_tax,
        "amount_total": line.amount_total,
        "requires_shipping": line.item.requires_shipping,
    }


def _reserve_units(order_id: UUID, quantities: Mapping[UUID, int], until: datetime) -> None:
    try:
        get(stock.Stock).reserve(order_id, quantities, until)
    except stock.InsufficientStock as short:
        raise InsufficientStock(short.shortages) from short
