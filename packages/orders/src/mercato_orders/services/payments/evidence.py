"""What a snapshot of a provider changes: evidence can be late, repeated and out of order."""

from datetime import datetime
from typing import Any

from mercato_contracts.payments import Snapshot
from mercato_orders.models import Order, Payment

_CLOSED = -1
_RANKS = {"processing": 0, "requires_action": 0, "authorized": 1, "captured": 2}
"""States of a payment; a lower one never follows a higher one."""


def is_mismatch(order: Order, payment: Payment, snapshot: Snapshot) -> bool:
    """Return whether a snapshot is of other money than the payment."""
    return (
        snapshot.currency != order.currency
        or snapshot.amount != payment.amount
        or snapshot.amount_captured > payment.amount
        or _exceeds_due(order, payment, snapshot)
        or _is_partly_captured(payment, snapshot)
    )


def _exceeds_due(order: Order, payment: Payment, snapshot: Snapshot) -> bool:
    """Return whether more was captured than the order can take."""
    is_ours = payment.status in ("authorized", "captured", "refunded")
    is_open = order.status in ("open", "completed")
    paid = snapshot.amount_captured + order.amount_canceled
    return is_ours and is_open and paid > order.amount_total


def _is_partly_captured(payment: Payment, snapshot: Snapshot) -> bool:
    """Return whether less was captured than the pending capture is to."""
    pending = payment.amount_capture_pending
    return 0 < snapshot.amount_captured - payment.amount_captured < pending


def is_news(payment: Payment, snapshot: Snapshot, *, is_answer: bool = False) -> bool:
    """Return whether a snapshot is to be applied to a payment.

    Args:
        payment: The payment.
        snapshot: What its provider says.
        is_answer: Whether it is the answer to the confirmation.
    """
    if snapshot.state == payment.status == "processing" and payment.snapshot is None:
        # It may have been opened and never confirmed. Then it has to be closed, so it must not
        # look like one that the provider is working on.
        return is_answer or snapshot.expected_by is not None
    before = _rank_of(payment)
    if snapshot.state in ("failed", "canceled"):
        return before in (0, 1)
    now = _RANKS[snapshot.state]
    if before == _CLOSED:
        # Money that arrives although the payment was closed has to go back.
        return now > 0
    if now != before:
        return now > before
    if now == _RANKS["captured"]:
        return snapshot.amount_captured > payment.amount_captured
    return _is_later(payment, snapshot)


def _rank_of(payment: Payment) -> int:
    if payment.status in ("failed", "canceled"):
        return _CLOSED
    if payment.status == "refund_due" and not payment.amount_captured:
        return _RANKS["authorized"]
    return _RANKS.get(payment.status, _RANKS["captured"])


def _is_later(payment: Payment, snapshot: Snapshot) -> bool:
    known = payment.snapshot
    return known is None or snapshot.observed_at > datetime.fromisoformat(known["observed_at"])


def stored(snapshot: Snapshot) -> dict[str, Any]:
    """Return what is kept of a snapshot, besides the columns of the payment."""
    return {
        "state": snapshot.state,
        "amount_captured": snapshot.amount_captured,
        "observed_at": snapshot.observed_at.isoformat(),
        "disputed": snapshot.disputed,
    }
