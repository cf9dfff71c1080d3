"""Write notes into the timelines of orders."""

from uuid import UUID

from mercato_kit.views import Shown
from mercato_orders.access import Actor, Caller
from mercato_orders.permissions import WRITE
from mercato_orders.services.queries import check_visible
from mercato_orders.timeline import NOTE, write_entry
from mercato_orders.views import EVENTS


def add_note(order_id: UUID, text: str, caller: Caller, *, is_public: bool) -> Shown:
    """Write a note of staff into the timeline of an order.

    Args:
        order_id: The order.
        text: The note.
        caller: A member of staff.
        is_public: Whether the customer sees it.

    Raises:
        NotFound: The order does not exist.
    """
    check_visible(order_id, caller, WRITE)
    actor = Actor("staff", caller.principal.sub)
    entry = write_entry(order_id, NOTE, actor, {"text": text}, is_public=is_public)
    return EVENTS.of(entry)
