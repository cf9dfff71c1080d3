"""Events that reviews answer. The worker delivers each at least once, so twice is as once."""

from uuid import UUID

from mercato_kit.events import Event, Handler
from mercato_reviews import privacy, services


def remember_buyer(event: Event) -> None:
    """Know whoever paid an order as a buyer. Guests have no id to know them by."""
    customer_id = event.payload["customer_id"]
    if customer_id is not None:
        services.remember_buyer(UUID(customer_id))


def forget_person(event: Event) -> None:
    """Forget the user that was erased."""
    privacy.erase_subject(event.aggregate_id)


HANDLES = [Handler("order.paid", remember_buyer), Handler("user.erased", forget_person)]
