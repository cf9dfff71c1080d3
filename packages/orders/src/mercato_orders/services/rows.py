"""The rows of a new order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mercato_contracts.orders import Wanted
from mercato_kit.db import utc_now
from mercato_orders.access import access_token, hash_token
from mercato_orders.pricing import Adjustment, PricedLine
from mercato_orders.search import words_of
from mercato_orders.services.prices import Price, name_of
from mercato_orders.values import email_key, stored_address

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an order comes from.

    Args:
        customer_name: Name of the account; None if it is not known.
        reference: What it is placed from, once; None for a request.
        locale: The customer's language (BCP 47).
    """

    customer_name: str | None = None
    reference: UUID | None = None
    locale: str | None = None


def order_row(
    order_id: UUID, wanted: Wanted, price: Price, origin: Origin, expires_at: datetime
) -> Row:
    """Return the row of an order; one that costs nothing is paid."""
    email, guest = wanted.customer.email or "", wanted.customer.id is None
    address = stored_address(wanted.shipping_address)
    return {
        "id": order_id,
        "customer_id": wanted.customer.id,
        "customer_email": email,
        "customer_email_key": email_key(email),
        "customer_name": origin.customer_name,
        "guest_token_hash": hash_token(access_token(order_id)) if guest else None,
        "source_reference": origin.reference,
        "locale": origin.locale,
        "shipping_address": address,
        "search_words": words_of(origin.customer_name, address),
        "billing_address": stored_address(wanted.billing_address),
        "tax_id": wanted.tax_id,
        "note": wanted.note,
        "metadata_": dict(wanted.metadata),
        **_amounts(price),
        **_state(price, expires_at),
    }


def _amounts(price: Price) -> Row:
    total = price.order.total
    shipping = total.basket.shipping
    return {
        "currency": total.basket.currency,
        "amount_subtotal": total.amount_subtotal,
        "amount_discount": total.amount_discount,
        "amount_shipping": total.amount_shipping,
        "amount_tax": total.amount_tax,
        "amount_shipping_tax": total.shipping_tax,
        "amount_total": total.amount_total,
        "tax_included": total.tax_included,
        "tax_estimated": total.tax_estimated,
        "shipping_method": name_of(shipping) if shipping else None,
        "discount_providers": list(dict.fromkeys(provider for provider, _ in price.uses)),
    }


def _state(price: Price, expires_at: datetime) -> Row:
    if price.order.total.amount_total:
        return {"expires_at": expires_at}
    return {"payment_status": "paid", "paid_at": utc_now()}


def line_rows(order_id: UUID, price: Price) -> Iterator[Row]:
    """Return the rows of the lines."""
    included = price.order.total.tax_included
    for position, line in enumerate(price.order.lines):
        yield _line_row(order_id, position, line) | {"tax_included": included}


def _line_row(order_id: UUID, position: int, line: PricedLine) -> Row:
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


def adjustment_rows(
    order_id: UUID, price: Price, lines: Sequence[Mapping[str, Any]]
) -> Iterator[Row]:
    """Return the rows of the adjustments; *lines* are the rows of the lines, with their ids."""
    for part in price.order.total.adjustments:
        yield _adjustment_row(order_id, part, lines)


def _adjustment_row(order_id: UUID, part: Adjustment, lines: Sequence[Mapping[str, Any]]) -> Row:
    return {
        "order_id": order_id,
        "line_id": None if part.position is None else lines[part.position]["id"],
        "kind": part.kind,
        "target": part.target,
        "provider": part.provider,
        "code": part.code,
        "reduction_id": part.reduction_id,
        "label": part.label,
        "amount": part.amount,
        "rate_ppm": part.rate_ppm,
        "reason": part.reason,
    }
