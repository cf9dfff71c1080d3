"""Event handlers. The worker may deliver an event more than once, so they are idempotent."""

from mercato_kit.events import Event, Handler
from mercato_reviews import privacy


def forget_author(event: Event) -> None:
    """Delete the reviews of an erased user."""
    privacy.erase_subject(event.aggregate_id)


HANDLES = [Handler("user.erased", forget_author)]
