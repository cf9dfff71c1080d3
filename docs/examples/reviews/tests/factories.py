"""Valid request bodies and events."""

from mercato_kit.db import new_id
from mercato_kit.events import Event

from .fakes import LAMP


def body_of(variant_id=LAMP, **members):
    """Return the body of a request that creates a review."""
    return {"variant_id": str(variant_id), "text": "I would buy it again.", **members}


def order_paid(customer_id):
    """Return the event of a paid order; *customer_id* is None for a guest's order."""
    payload = {"customer_id": None if customer_id is None else str(customer_id)}
    return Event(
        topic="order.paid",
        aggregate_type="order",
        aggregate_id=new_id(),
        aggregate_version=2,
        payload=payload,
    )
