"""Record changes of an order in its timeline and publish them as events."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from mercato_kit.db import session
from mercato_kit.events import Event
from mercato_kit.later import later
from mercato_kit.outbox import publish
from mercato_orders.access import Actor
from mercato_orders.models import Order, OrderEvent
from mercato_orders.views import PARTS

PLACED = "order.placed"
AUTHORIZED = "order.authorized"
PAID = "order.paid"
CANCELED = "order.canceled"
LINES_CANCELED = "order.lines_canceled"
EXPIRED = "order.expired"
SHIPPED = "order.shipped"
DELIVERED = "order.delivered"
REFUNDED = "order.refunded"
COMPLETED = "order.completed"
REOPENED = "order.reopened"
REFUND_FAILED = "order.refund_failed"
AUTHORIZATION_EXPIRING = "order.authorization_expiring"

FOR_STAFF = (REFUND_FAILED, AUTHORIZATION_EXPIRING)
"""Topics whose entries only staff see."""

PRIVACY_REQUESTED = "order.privacy_requested"
"""A mail to a guest is due, with a link that confirms a request."""

NOTE = "order.note"
CHANGED = "order.changed"
CLAIMED = "order.claimed"
NOTED = "order.payment_attention"
RETRIED = "order.payment_retried"
RESOLVED = "order.payment_resolved"
"""Types of entries without an event; those of payments are for staff."""

FREE_TEXT = (NOTE, RESOLVED)
"""Types of entries with a text that people write, which may name a person."""

TOPICS = (
    PLACED,
    AUTHORIZED,
    PAID,
    CANCELED,
    LINES_CANCELED,
    EXPIRED,
    SHIPPED,
    DELIVERED,
    REFUNDED,
    COMPLETED,
    REOPENED,
    *FOR_STAFF,
)
"""What the feature publishes."""

Row = Mapping[str, Any]

NO_FACTS: Row = MappingProxyType({})

_AMOUNTS = (
    "amount_subtotal",
    "amount_discount",
    "amount_shipping",
    "amount_tax",
    "amount_rounding",
    "amount_total",
    "amount_canceled",
    "amount_paid",
    "amount_refunded",
)
_RECORDED = (
    *_AMOUNTS,
    "id",
    "version",
    "number",
    "customer_id",
    "currency",
    "amount_shipping_tax",
    "tax_included",
    "shipping_method",
)
_OF_A_LINE = ("amount_subtotal", "amount_discount", "amount_tax", "amount_total")


def announce(order: Order, topic: str, actor: Actor, facts: Row = NO_FACTS) -> None:
    """Flush *order*, read its lines and reductions, and record its change.

    Args:
        order: The order, locked.
        topic: The topic of the event, which is the type of the entry.
        actor: Who changed it.
        facts: What both say of the change besides the order, see :mod:`mercato_orders.facts`.
    """
    announce_all(order, actor, {topic: facts})


def announce_all(order: Order, actor: Actor, changes: Mapping[str, Row]) -> None:
    """Record several changes that are made at once, as :func:`announce`: their facts by topic."""
    # A flush increases the version of the order.
    session.flush()
    parts = msgspec.json.decode(PARTS.one(id=order.id).json())
    row = {name: getattr(order, name) for name in _RECORDED}
    for topic, facts in changes.items():
        record(row, parts["lines"], parts["adjustments"], topic, actor, facts)


def record(
    order: Row,
    lines: Iterable[Row],
    adjustments: Iterable[Row],
    topic: str,
    actor: Actor,
    facts: Row = NO_FACTS,
) -> None:
    """Add an entry to the timeline of an order and publish the event.

    The event has amounts, lines and reductions, and neither personal data nor discount codes.

    Args:
        order: The values of the order by attribute.
        lines: Those of its lines.
        adjustments: Those of its adjustments.
        topic: The topic of the event, which is the type of the entry.
        actor: Who changed the order.
        facts: What both say of the change besides the order.
    """
    write_entry(order["id"], topic, actor, facts, is_public=topic not in FOR_STAFF)
    publish(
        Event(
            topic=topic,
            aggregate_type="order",
            aggregate_id=order["id"],
            aggregate_version=order["version"],
            payload={
                **_payload(order, lines, adjustments),
                **(_canceled(order) if topic == CANCELED else {}),
                **facts,
            },
        )
    )


def write_entry(
    order_id: UUID, type_: str, actor: Actor, data: Row, *, is_public: bool
) -> dict[str, Any]:
    """Add an entry to the timeline of an order, and return its row."""
    entry = {
        "order_id": order_id,
        "type": type_,
        "is_public": is_public,
        "actor_type": actor.type,
        "actor_id": actor.id,
        "data": dict(data),
    }
    return later(OrderEvent, [entry])[0]


def _payload(order: Row, lines: Iterable[Row], adjustments: Iterable[Row]) -> dict[str, Any]:
    customer_id = order["customer_id"]
    return {
        "order_id": str(order["id"]),
        "number": order["number"],
        "customer_id": None if customer_id is None else str(customer_id),
        "currency": order["currency"],
        **{name: order[name] for name in _AMOUNTS},
        "tax_included": order["tax_included"],
        "shipping_method": order["shipping_method"],
        "lines": [_line(line) for line in lines],
        "reductions": _reductions(adjustments),
    }


def _canceled(order: Row) -> dict[str, Any]:
    """Return what a cancellation takes back besides its lines: shipping with its tax."""
    tax = 0 if order["tax_included"] else order["amount_shipping_tax"]
    return {"shipping_amount": order["amount_shipping"] + tax}


def _line(line: Row) -> dict[str, Any]:
    return {
        "line_id": str(line["id"]),
        "product_id": str(line["product_id"]),
        "variant_id": str(line["variant_id"]),
        "sku": line["sku"],
        "quantity": line["quantity"],
        **{name: line[name] for name in _OF_A_LINE},
    }


def _reductions(adjustments: Iterable[Row]) -> list[dict[str, Any]]:
    """Return each reduction once, with the sum of what it took off, without its code."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in adjustments:
        if part["kind"] != "discount":
            continue
        provider, reduction_id = part["provider"], part["reduction_id"] or part["code"]
        one = {"provider": provider, "id": reduction_id, "label": part["label"], "amount": 0}
        found.setdefault((provider, reduction_id), one)["amount"] -= part["amount"]
    return list(found.values())
