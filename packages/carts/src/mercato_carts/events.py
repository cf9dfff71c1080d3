"""Events that carts publish and handle."""

from mercato_carts import privacy
from mercato_carts.topics import ABANDONED
from mercato_kit.events import Event, Handler


def forget_customer(event: Event) -> None:
    """Delete the carts of an erased user."""
    privacy.erase_subject(event.aggregate_id)


PUBLISHES = [ABANDONED]

HANDLES = [Handler("user.erased", forget_customer)]
