"""Lock payments in the order of locks: the order first."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_kit.db import found, locked, refreshed, session
from mercato_kit.errors import NotFound
from mercato_orders.access import Caller
from mercato_orders.models import Capture, Order, Payment
from mercato_orders.permissions import READ, WRITE


def lock_payment(payment_id: UUID, caller: Caller | None = None) -> tuple[Order, Payment]:
    """Lock a payment's order, then the payment.

    Args:
        payment_id: The payment.
        caller: Who has to see it; None for all.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    seen = [] if caller is None else [caller.sees(READ, WRITE)]
    row = _lock(Payment.id == payment_id, *seen)
    if row is None and caller is not None:
        exists = session.get(Payment, payment_id) is not None
        raise NotFound(facts={"payment_id": payment_id} if exists else None)
    return found(row)


def lock_payment_of(capture_id: UUID) -> tuple[Order, Payment]:
    """Lock the order of a capture, then its payment."""
    of_capture = sa.select(Capture.payment_id).where(Capture.id == capture_id)
    return found(_lock(Payment.id == of_capture.scalar_subquery()))


def _lock(*conditions: sa.ColumnElement[bool]) -> tuple[Order, Payment] | None:
    statement = (
        sa.select(Order, Payment)
        .select_from(Order)
        .join(Payment, Payment.order_id == Order.id)
        .where(*conditions)
    )
    rows = session.execute(refreshed(locked(statement, of=(Order, Payment))))
    row = rows.one_or_none()
    if row is None:
        return None
    order, payment = row
    set_committed_value(payment, "order", order)
    return order, payment
