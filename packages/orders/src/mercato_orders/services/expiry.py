"""Expire orders that were not paid in time."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_contracts.stock import Stock
from mercato_kit import work
from mercato_kit.db import locked, refreshed, session, utc_now
from mercato_kit.services import get
from mercato_orders.access import SYSTEM
from mercato_orders.models import IN_FLIGHT, Order, Payment
from mercato_orders.services.give_backs import give_back
from mercato_orders.services.voids import request_void
from mercato_orders.states import require
from mercato_orders.timeline import EXPIRED, announce

BATCH_SIZE = 100
"""Orders that one run of the job processes at most."""


def expire_unpaid_orders() -> int:
    """Expire orders that were not paid in time, each in its own unit of work; return how many."""
    return work.run_each(_due_orders, expire_order, failure="order %s could not be expired")


def expire_order(order_id: UUID) -> bool:
    """Expire an order if it is still due and not locked by another transaction.

    A payment in flight is given up first: the order expires when its provider has closed it.

    Returns:
        Whether the order expired.
    """
    is_due = Order.id == order_id, *_due()
    statement = locked(sa.select(Order).where(*is_due), skip_locked=True)
    order = session.scalar(refreshed(statement))
    if order is None or not _give_up_payment(order):
        return False
    require(order, "expire")
    order.status = "expired"
    session.flush()
    give_back(order)
    get(Stock).release(order.id)
    announce(order, EXPIRED, SYSTEM)
    return True


def _give_up_payment(order: Order) -> bool:
    """Return whether no payment of a locked order is in flight; else request that it is closed."""
    payment = session.scalar(refreshed(locked(sa.select(Payment).where(*_in_flight(order.id)))))
    if payment is None:
        return True
    request_void(payment)
    return payment.status == "canceled"


def _due() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Order.status == "open",
        Order.payment_status == "unpaid",
        Order.expires_at < utc_now(),
    )


def _in_flight(
    order_id: UUID | InstrumentedAttribute[UUID],
) -> tuple[sa.ColumnElement[bool], ...]:
    return Payment.order_id == order_id, Payment.status.in_(IN_FLIGHT)


def _due_orders() -> list[UUID]:
    given_up = sa.exists().where(*_in_flight(Order.id), Payment.void_requested_at.is_not(None))
    statement = (
        sa.select(Order.id)
        .where(*_due(), ~given_up)
        .order_by(Order.expires_at, Order.id)
        .limit(BATCH_SIZE)
    )
    return list(session.scalars(statement))
