"""Events that orders publish and handle."""

from mercato_kit.events import Event, Handler
from mercato_orders import services, timeline


def send_unshippable(event: Event) -> None:
    """Send units of a paid order that need no shipping."""
    services.send_unshippable(event.aggregate_id)


PUBLISHES = [*timeline.TOPICS]

HANDLES = [Handler(timeline.PAID, send_unshippable)]
