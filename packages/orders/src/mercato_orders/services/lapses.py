"""Authorisations that end: staff are warned, or the amount is captured; then units are released."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import locked, refreshed, session, touch, utc_now
from mercato_kit.settings import current_settings
from mercato_orders import facts
from mercato_orders.access import SYSTEM
from mercato_orders.models import Order, Payment
from mercato_orders.services.cancellations import cancel_rest
from mercato_orders.services.payments import start_capture
from mercato_orders.services.payments.locks import lock_payment
from mercato_orders.settings import OrdersSettings
from mercato_orders.timeline import AUTHORIZATION_EXPIRING, announce

WARNED_BEFORE = timedelta(hours=24)
BATCH = 100
REASON = "The authorisation of the payment has ended."


def announce_expiring() -> int:
    """Announce authorisations that end within a day, or capture them; return how many."""
    failure = "the end of the authorisation of payment %s was not announced"
    return work.run_each(_expiring, _announce, failure=failure)


def cancel_lapsed_orders() -> int:
    """Cancel what was not sent of orders whose authorisation has ended; return how many."""
    return work.run_each(_lapsed, _cancel, failure="order %s could not be canceled")


def _expiring() -> list[UUID]:
    statement = sa.select(Payment.id).where(*_is_expiring()).order_by(Payment.authorized_until)
    return list(session.scalars(statement.limit(BATCH)))


def _is_expiring() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Payment.status == "authorized",
        Payment.authorized_until < utc_now() + WARNED_BEFORE,
        Payment.expiry_announced_at.is_(None),
        Payment.void_requested_at.is_(None),
    )


def _announce(payment_id: UUID) -> bool:
    order, payment = lock_payment(payment_id)
    if payment.status != "authorized" or payment.expiry_announced_at is not None:
        return False
    payment.expiry_announced_at = utc_now()
    touch(order)
    rest = payment.amount - payment.amount_captured - payment.amount_capture_pending
    if (
        current_settings(OrdersSettings).capture_before_expiry
        and not payment.amount_capture_pending
    ):
        start_capture(order, payment, rest, final=True)
    else:
        said = facts.of_payment(payment.id, payment.provider, rest)
        announce(order, AUTHORIZATION_EXPIRING, SYSTEM, said)
    return True


def _lapsed() -> list[UUID]:
    statement = sa.select(Order.id).where(*_is_lapsed()).order_by(Order.id)
    return list(session.scalars(statement.limit(BATCH)))


def _is_lapsed() -> tuple[sa.ColumnElement[bool], ...]:
    """Return the condition of orders that were authorized, and are no longer."""
    # Any other unpaid order has a time at which it expires.
    return (
        Order.status == "open",
        Order.payment_status == "unpaid",
        Order.expires_at.is_(None),
    )


def _cancel(order_id: UUID) -> bool:
    statement = locked(sa.select(Order).where(Order.id == order_id, *_is_lapsed()))
    order = session.scalar(refreshed(statement))
    if order is None:
        return False
    cancel_rest(order, SYSTEM, REASON)
    return True
