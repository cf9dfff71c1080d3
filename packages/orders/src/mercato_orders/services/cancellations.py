"""Cancel an unpaid order."""

from uuid import UUID

from mercato_contracts.stock import Stock
from mercato_kit.db import session, utc_now
from mercato_kit.services import get
from mercato_kit.views import Shown
from mercato_orders.access import Caller
from mercato_orders.errors import InvalidTransition
from mercato_orders.permissions import WRITE
from mercato_orders.services.give_backs import give_back
from mercato_orders.services.queries import lock_order
from mercato_orders.timeline import CANCELED, announce
from mercato_orders.views import ORDER


def cancel_order(order_id: UUID, caller: Caller, reason: str | None = None) -> Shown:
    """Cancel an unpaid order, give its discounts back and release its units.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
        Forbidden: The caller neither owns it nor has the permission ``orders.write``.
        InvalidTransition: It is paid or closed.
    """
    order = lock_order(order_id, caller)
    if not caller.owns(order):
        caller.require(WRITE)
    if (order.status, order.payment_status) != ("open", "unpaid"):
        raise InvalidTransition
    order.status = "canceled"
    order.canceled_at = utc_now()
    order.cancel_reason = reason
    session.flush()
    give_back(order)
    get(Stock).release(order.id)
    announce(order, CANCELED, caller.acts_as(order))
    return ORDER.one(id=order_id)
