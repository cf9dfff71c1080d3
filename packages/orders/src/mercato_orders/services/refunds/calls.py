"""Ask payment providers to refund."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import (
    Misconfigured,
    Ref,
    RefundSnapshot,
    Refused,
    Unknown,
)
from mercato_kit import work
from mercato_kit.db import session
from mercato_orders.models import Order, Payment, Refund
from mercato_orders.services.providers import key_of, provider_of
from mercato_orders.services.refunds.settlement import settle_refund

DEFAULT_REASON = "requested"


@dataclass(frozen=True, slots=True)
class _Call:
    """What a provider is asked for."""

    provider: str
    ref: Ref
    refund_id: UUID
    amount: int
    reason: str
    key: str


def call_refund(refund_id: UUID) -> None:
    """Refund at the provider, and record its answer. No unit of work is running.

    Raises:
        Unknown, Misconfigured: There is no answer; nothing was written.
    """
    snapshot = ask_refund(refund_id)
    if snapshot is not None:
        work.run(lambda: settle_refund(refund_id, snapshot))


def try_refund(refund_id: UUID) -> RefundSnapshot | None:
    """Refund at the provider; None if its answer is not known, so that it is asked again later."""
    try:
        return ask_refund(refund_id)
    except (Unknown, Misconfigured):
        return None


def ask_refund(refund_id: UUID) -> RefundSnapshot | None:
    """Refund at the provider, and return its answer. No unit of work is running.

    Nothing is written. A repeated call has the same key, so it has no second effect.

    Returns:
        None if the refund is not pending.

    Raises:
        Unknown, Misconfigured: There is no answer.
    """
    call = work.run(lambda: _call_of(refund_id), read_only=True)
    return None if call is None else _send(call)


def _call_of(refund_id: UUID) -> _Call | None:
    """Return the call of a pending refund."""
    row = session.execute(
        sa.select(Refund, Payment, Order.currency)
        .join(Payment, Payment.id == Refund.payment_id)
        .join(Order, Order.id == Refund.order_id)
        .where(Refund.id == refund_id, Refund.status == "pending")
    ).one_or_none()
    if row is None:
        return None
    refund, payment, currency = row
    return _Call(
        provider=payment.provider,
        ref=Ref(payment.id, payment.provider_payment_id or "", currency),
        refund_id=refund.id,
        amount=refund.amount,
        reason=refund.reason or DEFAULT_REASON,
        key=key_of(refund.id, "refund", refund.attempt_no),
    )


def _send(call: _Call) -> RefundSnapshot:
    """Return the answer of the provider; a refusal is a refund that failed.

    Raises:
        Unknown, Misconfigured: There is no answer.
    """
    provider = provider_of(call.provider)
    try:
        return provider.refund(call.ref, call.refund_id, call.amount, call.reason, call.key)
    except Refused as refusal:
        return RefundSnapshot("failed", call.amount, None, call.refund_id, refusal.code)
