"""Record a change of an order in its timeline and publish it as an event."""

from collections.abc import Mapping
from typing import Any

from mercato_kit.db import session
from mercato_kit.events import Event
from mercato_kit.later import later
from mercato_kit.outbox import publish
from mercato_orders.access import Actor
from mercato_orders.models import Order, OrderEvent

PLACED = "order.placed"
PAID = "order.paid"
CANCELED = "order.canceled"
EXPIRED = "order.expired"

_RECORDED = ("id", "version", "number", "customer_id", "currency", "amount_total")


def announce(order: Order, topic: str, actor: Actor) -> None:
    """Flush *order*, and record its change."""
    # A flush increases the version of the order.
    session.flush()
    record({name: getattr(order, name) for name in _RECORDED}, topic, actor)


def record(order: Mapping[str, Any], topic: str, actor: Actor) -> None:
    """Add an entry to the timeline of an order and publish the event.

    The event has the order's id, number and total, and no personal data.

    Args:
        order: The values of the order by attribute.
        topic: The topic of the event, which is the type of the entry.
        actor: Who changed the order.
    """
    customer_id = order["customer_id"]
    entry = {
        "order_id": order["id"],
        "type": topic,
        "is_public": True,
        "actor_type": actor.type,
        "actor_id": actor.id,
    }
    later(OrderEvent, [entry])
    publish(
        Event(
            topic=topic,
            aggregate_type="order",
            aggregate_id=order["id"],
            aggregate_version=order["version"],
            payload={
                "order_id": str(order["id"]),
                "number": order["number"],
                "customer_id": None if customer_id is None else str(customer_id),
                "currency": order["currency"],
                "amount_total": order["amount_total"],
            },
        )
    )
