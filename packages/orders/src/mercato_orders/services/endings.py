"""Authorisations that end soon: staff are warned, or the amount is captured."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import session, touch, utc_now
from mercato_kit.settings import current_settings
from mercato_orders import facts
from mercato_orders.access import SYSTEM
from mercato_orders.models import Payment
from mercato_orders.services.locks import lock_payment
from mercato_orders.services.payments.captures import start_capture
from mercato_orders.settings import OrdersSettings
from mercato_orders.states import due
from mercato_orders.timeline import AUTHORIZATION_EXPIRING, announce

WARNED_BEFORE = timedelta(hours=24)
BATCH = 100


def announce_expiring() -> int:
    """Announce authorisations that end within a day, or capture them; return how many."""
    failure = "the end of the authorisation of payment %s was not announced"
    return work.run_each(_expiring, _announce, failure=failure)


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
    pending = payment.amount_capture_pending
    # Canceled units are authorized, and not due.
    rest = due(order) - payment.amount_captured - pending
    if current_settings(OrdersSettings).capture_before_expiry and rest and not pending:
        start_capture(order, payment, rest, final=True)
    else:
        said = facts.of_payment(payment.id, payment.provider, rest)
        announce(order, AUTHORIZATION_EXPIRING, SYSTEM, said)
    return True
