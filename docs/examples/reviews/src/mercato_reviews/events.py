"""Event handlers. The worker may deliver an event more than once, so they are idempotent."""

from uuid import UUID

from mercato_kit.events import Event, Handler
from mercato_reviews import services


def remember_buyer(event: Event) -> None:
    """Record the customer of a paid order as a buyer. Guests have no id, so they are ignored."""
    customer_id = event.payload["customer_id"]
    if customer_id is not None:
        services.remember_buyer(UUID(customer_id))


HANDLES = [Handler("order.paid", remember_buyer)]
