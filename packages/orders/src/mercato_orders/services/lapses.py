"""Authorisations that have ended: what was not sent is not paid any more."""

from mercato_orders.access import Actor
from mercato_orders.models import Order, Payment
from mercato_orders.services.cancellations import cancel_rest

REASON = "authorization_ended"


def authorization_gone(order: Order, payment: Payment, actor: Actor) -> None:
    """Cancel the unsent units of a locked order whose payment is no longer authorized.

    Args:
        order: The order, of which more is due than was paid.
        payment: Its payment, locked: canceled, or captured in part.
        actor: Who is named in the timeline.
    """
    cancel_rest(order, actor, f"{REASON}: payment {payment.id}")
