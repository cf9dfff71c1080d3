"""Expire orders that were not paid in time."""

import logging
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_contracts.stock import Stock
from mercato_kit import work
from mercato_kit.db import locked
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_kit.services import get
from mercato_orders.access import SYSTEM
from mercato_orders.models import IN_FLIGHT
from mercato_orders.models import Order
from mercato_orders.models import Payment
from mercato_orders.services.queries import as_it_is_now
from mercato_orders.timeline import EXPIRED
from mercato_orders.timeline import announce

EXPIRED_AT_ONCE = 100
"""Orders that one run of the job looks at."""

_log = logging.getLogger(__name__)


def expire_unpaid_orders() -> int:
    """Expire orders that nobody paid in time, each in a unit of work of its own.

    An order that cannot be expired is left for the next run and keeps nothing else waiting.

    Returns:
        How many expired.
    """
    due = work.run(_due_orders, read_only=True)
    return sum(_expire_apart(order_id) for order_id in due)


def expire_order(order_id: UUID) -> bool:
    """Expire an order if it is still due and nobody else is working on it.

    Returns:
        Whether it did.
    """
    is_due = Order.id == order_id, *_due()
    statement = locked(sa.select(Order).where(*is_due), skip_locked=True)
    order = session.scalar(as_it_is_now(statement))
    if order is None or session.scalar(sa.select(_in_flight(order.id))):
        return False
    order.status = "expired"
    session.flush()
    get(Stock).release(order.id)
    announce(order, EXPIRED, SYSTEM)
    return True


def _due() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Order.status == "open",
        Order.payment_status == "unpaid",
        Order.expires_at < utc_now(),
    )


def _in_flight(order_id: UUID | InstrumentedAttribute[UUID]) -> sa.Exists:
    return sa.exists().where(Payment.order_id == order_id, Payment.status.in_(IN_FLIGHT))


def _due_orders() -> list[UUID]:
    statement = (
        sa.select(Order.id)
        .where(*_due(), ~_in_flight(Order.id))
        .order_by(Order.expires_at, Order.id)
        .limit(EXPIRED_AT_ONCE)
    )
    return list(session.scalars(statement))


def _expire_apart(order_id: UUID) -> bool:
    try:
        return work.run(lambda: expire_order(order_id))
    except Exception:  # noqa: BLE001 - one order must not keep the others waiting
        _log.exception("order %s could not be expired", order_id)
        return False
