"""Record a change of an order in its timeline and publish it as an event."""

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


def announce(order: Order, topic: str, actor: Actor) -> None:
    """Flush *order*, add an entry to its timeline and publish the event.

    The event has the order's id, number and total, and no personal data.
    """
    entry = {
        "order_id": order.id,
        "type": topic,
        "is_public": True,
        "actor_type": actor.type,
        "actor_id": actor.id,
    }
    # A flush increases the version of the order.
    session.flush()
    later(OrderEvent, [entry])
    publish(
        Event(
            topic=topic,
            aggregate_type="order",
            aggregate_id=order.id,
            aggregate_version=order.version,
            payload={
                "order_id": str(order.id),
                "number": order.number,
                "customer_id": None if order.customer_id is None else str(order.customer_id),
                "currency": order.currency,
                "amount_total": order.amount_total,
            },
        )
    )
