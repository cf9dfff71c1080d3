"""Events that orders publish and handle."""

from mercato_kit.events import Event, Handler
from mercato_orders import privacy, services, timeline


def forget_customer(event: Event) -> None:
    """Erase the personal data of an erased user."""
    privacy.erase_subject(event.aggregate_id)


def send_unshippable(event: Event) -> None:
    """Send units of a paid order that need no shipping."""
    services.send_unshippable(event.aggregate_id)


PUBLISHES = [*timeline.TOPICS]

HANDLES = [Handler("user.erased", forget_customer), Handler(timeline.PAID, send_unshippable)]
