"""Record what a provider says of a payment: its answers, webhooks and reads are all evidence."""

from uuid import UUID

import msgspec

from mercato_contracts.payments import Snapshot
from mercato_contracts.stock import Stock
from mercato_kit.db import session, touch, utc_now
from mercato_kit.services import get
from mercato_orders import facts
from mercato_orders.access import SYSTEM, Actor
from mercato_orders.models import Capture, Order, Payment
from mercato_orders.services.attention import needs_attention
from mercato_orders.services.completion import complete_if_done
from mercato_orders.services.lapses import authorization_gone
from mercato_orders.services.locks import lock_payment
from mercato_orders.services.payments.evidence import is_mismatch, is_news, stored
from mercato_orders.services.payments.pending import end_pending
from mercato_orders.services.refunds import claim_refund, merge_refunds
from mercato_orders.services.shipments import settle_pending
from mercato_orders.services.voids import request_void
from mercato_orders.shares import Share
from mercato_orders.states import PAYMENT, due, may, move, payment_status
from mercato_orders.timeline import AUTHORIZED, PAID, announce, announce_all

_TAKEN = ("authorized", "captured")
"""Statuses of a payment that its order has taken."""

_CLOSED = ("failed", "canceled")


def settle(payment_id: UUID, snapshot: Snapshot | None, actor: Actor = SYSTEM) -> Payment:
    """Record what a provider says of a payment; the same again has no effect.

    Args:
        payment_id: Id of an existing payment.
        snapshot: What the provider says; None if that is not known.
        actor: Who is named in the timeline.

    Returns:
        The payment, locked, with its order.
    """
    order, payment = lock_payment(payment_id)
    if snapshot is not None:
        merge(order, payment, snapshot, actor)
    return payment


def merge(
    order: Order,
    payment: Payment,
    snapshot: Snapshot,
    actor: Actor = SYSTEM,
    *,
    is_answer: bool = False,
) -> None:
    """Record a snapshot of a payment that is locked with its order; see :func:`settle`.

    *is_answer* says that it is the answer to the confirmation.

    Money of another currency or amount moves nothing, and an operator has to look at it. Money that
    no order takes goes back: what was captured by a refund, an authorisation by a void.
    """
    if is_mismatch(order, payment, snapshot):
        needs_attention(payment, "mismatch", "the provider says another amount or currency")
        session.flush()
        return
    if is_news(payment, snapshot, is_answer=is_answer):
        _apply(order, payment, snapshot, actor)
    if snapshot.refunds:
        merge_refunds(order, payment, snapshot.refunds, actor)
    session.flush()


def _apply(order: Order, payment: Payment, snapshot: Snapshot, actor: Actor) -> None:
    before = payment.status
    grown = max(snapshot.amount_captured - payment.amount_captured, 0)
    status = _status_after(order, payment, snapshot, grown)
    capture = _end_capture(payment, snapshot, grown)
    _keep(payment, snapshot)
    payment.amount_captured += grown
    move(payment, PAYMENT, status)
    touch(order)
    if payment.status in _TAKEN:
        _take(order, payment, actor)
        _close_refunded(payment)
    elif before in _TAKEN:
        order.payment_status = payment_status(order, [payment.status])
    _close_or_return(payment)
    session.flush()
    if capture is not None and capture.fulfillment_id is not None:
        settle_pending(order, capture.fulfillment_id, captured=grown > 0, actor=actor)
    if before == "authorized" != payment.status:
        _lapse(order, payment, actor)


def _end_capture(payment: Payment, snapshot: Snapshot, grown: int) -> Capture | None:
    """End the pending capture if the snapshot shows it, or closes the payment."""
    if payment.amount_capture_pending and (grown or snapshot.state in _CLOSED):
        return end_pending(payment, succeeded=grown > 0, error_code=snapshot.error_code)
    return None


def _keep(payment: Payment, snapshot: Snapshot) -> None:
    action = snapshot.next_action
    payment.snapshot = stored(snapshot)
    payment.next_action = None if action is None else msgspec.to_builtins(action)
    is_money = snapshot.state in _TAKEN
    payment.error_code = snapshot.error_code or (None if is_money else payment.error_code)
    payment.authorized_until = snapshot.authorized_until or payment.authorized_until
    payment.expected_by = snapshot.expected_by or payment.expected_by


def _status_after(order: Order, payment: Payment, snapshot: Snapshot, grown: int) -> str:
    """Return the status of a payment, which takes the money for its order if it can."""
    before, now = payment.status, snapshot.state
    if now in ("processing", "requires_action"):
        return now
    if now in _CLOSED:
        if before == "refund_due":
            return "canceled"
        # What was captured stays, only the rest of the authorisation is gone.
        return "captured" if payment.amount_captured + grown else now
    if before in ("processing", "requires_action"):
        return now if may(order, "pay") and get(Stock).commit(order.id) else "refund_due"
    is_ours = before in ("authorized", "captured", "refunded")
    if is_ours and (not grown or order.status in ("open", "completed")):
        return now
    return "refund_due"


def _take(order: Order, payment: Payment, actor: Actor) -> None:
    """Count a payment as that of its order."""
    before = order.payment_status
    order.amount_paid = payment.amount_captured
    order.payment_status = payment_status(order, [payment.status])
    order.expires_at = None
    if order.payment_status == "authorized":
        if before != "authorized":
            what = facts.of_payment(payment.id, payment.provider, payment.amount)
            announce(order, AUTHORIZED, actor, what)
    elif order.paid_at is None and order.amount_paid == due(order):
        # A part that was captured before may have been refunded.
        order.paid_at = utc_now()
        announce(order, PAID, actor)


def _close_refunded(payment: Payment) -> None:
    """Mark a payment refunded whose captured part was given back before its rest was closed."""
    if payment.status == "captured" and payment.amount_refunded == payment.amount_captured:
        move(payment, PAYMENT, "refunded")


def _close_or_return(payment: Payment) -> None:
    """End a request to close a payment that is closed; give back what no order takes."""
    if payment.status in ("processing", "requires_action", "authorized"):
        return
    is_authorized = payment.status == "refund_due" and not payment.amount_captured
    payment.void_requested_at = None
    if is_authorized:
        request_void(payment)
    elif payment.status == "refund_due":
        _refund(payment)


def _refund(payment: Payment) -> None:
    """Begin to give back what was captured, and is not yet given back."""
    session.flush()
    left = payment.amount_captured - payment.amount_refunded - payment.amount_refund_pending
    if left:
        claim_refund(payment, Share(left), source="late_payment")


def _lapse(order: Order, payment: Payment, actor: Actor) -> None:
    """Cancel what an authorisation that has ended was to pay for, and was not captured."""
    if order.status != "open" or due(order) <= order.amount_paid:
        return
    authorization_gone(order, actor)
    if payment.amount_captured:
        # What was captured is all that is due now.
        _take(order, payment, actor)
        announce_all(order, actor, complete_if_done(order))
