"""Event handlers. The worker may deliver an event more than once, so they are idempotent."""

from uuid import UUID

from mercato_kit.events import Event, Handler
from mercato_reviews import privacy, services


def remember_buyer(event: Event) -> None:
    """Record the customer of a paid order as a buyer. Guests have no id, so they are ignored."""
    customer_id = event.payload["customer_id"]
    if customer_id is not None:
        services.remember_buyer(UUID(customer_id))


def forget_person(event: Event) -> None:
    """Erase the data of an erased user."""
    privacy.erase_subject(event.aggregate_id)


HANDLES = [Handler("order.paid", remember_buyer), Handler("user.erased", forget_person)]
