"""Authorisations that have ended: what was not sent is not paid any more."""

from mercato_orders.access import Actor
from mercato_orders.models import Order
from mercato_orders.services.cancellations import cancel_rest

REASON = "authorization_ended"


def authorization_gone(order: Order, actor: Actor) -> None:
    """Cancel the unsent units of a locked order whose payment is no longer authorized.

    Args:
        order: The order, of which more is due than was paid.
        actor: Who is named in the timeline.
    """
    cancel_rest(order, actor, REASON)
