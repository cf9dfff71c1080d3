"""Event handlers. The worker may deliver an event more than once, so they are idempotent."""

from mercato_kit.events import Event, Handler
from mercato_vouchers import privacy


def forget_customer(event: Event) -> None:
    """Erase the data of an erased user."""
    privacy.erase_subject(event.aggregate_id)


HANDLES = [Handler("user.erased", forget_customer)]
