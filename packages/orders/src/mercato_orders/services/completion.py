"""Close an order when its last unit was sent or canceled."""

from collections.abc import Mapping, Sequence

from mercato_kit.db import session, utc_now
from mercato_orders.models import Line, Order
from mercato_orders.services.give_backs import give_back
from mercato_orders.services.units import read_lines
from mercato_orders.states import fulfillment_status, may
from mercato_orders.timeline import CANCELED, COMPLETED, NO_FACTS, Row


def complete_if_done(order: Order, lines: Sequence[Line] | None = None) -> Mapping[str, Row]:
    """Derive the fulfilment status of a locked order, and close it if no unit is left to send.

    An order of which something was sent is completed, another one is canceled.

    Args:
        order: The order.
        lines: All its lines as they are now; they are read if the caller has not read them.

    Returns:
        The facts of the change by topic, for ``announce_all``; none if it stays as it is.
    """
    lines = read_lines(order) if lines is None else lines
    order.fulfillment_status = fulfillment_status(lines)
    is_left = any(line.quantity_unsent or line.quantity_pending for line in lines)
    if is_left or not may(order, "complete"):
        return {}
    if any(line.quantity_fulfilled for line in lines):
        order.status = "completed"
        order.completed_at = utc_now()
        return {COMPLETED: NO_FACTS}
    close(order)
    return {CANCELED: NO_FACTS}


def close(order: Order, reason: str | None = None) -> None:
    """Cancel a locked order of which nothing was sent, and give its discounts back."""
    order.status = "canceled"
    order.canceled_at = utc_now()
    order.cancel_reason = reason
    session.flush()
    give_back(order)
