"""What operators see of payments whose outcome is open, and do about them."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import security
from mercato_kit.db import found, locked, refreshed, session, utc_now
from mercato_orders.access import Actor
from mercato_orders.models import Capture, Order, Payment, Refund
from mercato_orders.services.refunds import claim_refund
from mercato_orders.shares import Share
from mercato_orders.timeline import RESOLVED, RETRIED, write_entry

OPERATOR = Actor("staff")

LISTED = 1_000


class OpenPayment(NamedTuple):
    """A payment whose outcome is open, or that an operator has to look at."""

    id: UUID
    order_id: UUID
    number: int
    provider: str
    status: str
    amount: int
    amount_captured: int
    amount_refunded: int
    currency: str
    attention: str | None
    attention_at: datetime | None
    last_error: str | None


def list_open(*, attention: bool = False) -> list[OpenPayment]:
    """Return the payments whose outcome is open, oldest first: 1,000 at most.

    Args:
        attention: Only those that an operator has to look at.
    """
    needs_it = Payment.attention.is_not(None)
    pending = Payment.amount_capture_pending + Payment.amount_refund_pending > 0
    is_open = sa.or_(
        Payment.status.in_(("processing", "requires_action", "refund_due")),
        Payment.void_requested_at.is_not(None),
        pending,
        needs_it,
    )
    of_order = {"number": Order.number, "currency": Order.currency}
    columns: list[Any] = [
        of_order[it] if it in of_order else getattr(Payment, it) for it in OpenPayment._fields
    ]
    statement = (
        sa.select(*columns)
        .join(Order, Order.id == Payment.order_id)
        .where(needs_it if attention else is_open)
        .order_by(Payment.id)
        .limit(LISTED)
    )
    return [OpenPayment._make(row) for row in session.execute(statement)]


def retry_payment(payment_id: UUID) -> Payment:
    """Let the provider be asked again, of the payment and of its open captures and refunds.

    Money that no order took, and that the provider did not give back, is asked for again.

    Raises:
        NotFound: There is no such payment.
    """
    payment = _lock(payment_id)
    _ask_again(payment)
    parts: tuple[type[Any], ...] = (Capture, Refund)
    for model in parts:
        pending = sa.select(model).where(model.payment_id == payment_id, model.status == "pending")
        for part in session.scalars(refreshed(locked(pending.order_by(model.id)))):
            _ask_again(part)
    reason = payment.attention
    session.flush()
    left = payment.amount_captured - payment.amount_refunded - payment.amount_refund_pending
    if payment.status == "refund_due" and left:
        claim_refund(payment, Share(left), source="late_payment")
    _close(payment, RETRIED, {"reason": reason})
    return payment


def resolve_payment(payment_id: UUID, note: str) -> Payment:
    """Record that an operator has dealt with what was wrong.

    Args:
        payment_id: The payment.
        note: What was done; only staff see it.

    Raises:
        NotFound: There is no such payment.
    """
    payment = _lock(payment_id)
    _close(payment, RESOLVED, {"reason": payment.attention, "note": note})
    return payment


def _lock(payment_id: UUID) -> Payment:
    statement = sa.select(Payment).where(Payment.id == payment_id)
    return found(session.scalar(refreshed(locked(statement))))


def _ask_again(row: Payment | Capture | Refund) -> None:
    row.checks = row.errors = 0
    row.unanswered_since = None
    row.next_check_at = utc_now()


def _close(payment: Payment, type_: str, facts: dict[str, str | None]) -> None:
    data = {"payment_id": str(payment.id), **facts}
    write_entry(payment.order_id, type_, OPERATOR, data, is_public=False)
    security.record(type_.removeprefix("order."), payment_id=payment.id)
    payment.attention = payment.attention_at = None
    session.flush()
