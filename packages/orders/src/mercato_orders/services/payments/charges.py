"""Call a provider to charge a customer: open, pass the fence, confirm."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import (
    Charge,
    Misconfigured,
    Payments,
    Ref,
    Refused,
    Snapshot,
    Unknown,
)
from mercato_kit import work
from mercato_kit.db import session
from mercato_orders.models import Order, Payment
from mercato_orders.services.payments.starts import charge_of
from mercato_orders.services.providers import key_of, provider_of
from mercato_orders.values import NewPayment

Fence = Callable[[str], bool]
"""Stores the reference of a payment, and returns whether the customer may be charged."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call; nothing of it is known if all are None.

    Args:
        snapshot: The answer of the provider.
        refusal: The code of its refusal; nothing was charged.
        error: Why the installation cannot call it.
        is_answer: Whether the snapshot is the answer to the confirmation.
    """

    snapshot: Snapshot | None = None
    refusal: str | None = None
    error: str | None = None
    is_answer: bool = False


def charge_customer(
    provider: Payments, charge: Charge, fence: Fence, attempt_no: int = 1
) -> Outcome:
    """Charge a customer.

    Args:
        provider: The provider.
        charge: What is charged.
        fence: Stores the provider's reference before money can move.
        attempt_no: Number of the idempotency keys.
    """
    try:
        reference = provider.open(charge, key_of(charge.payment_id, "open", attempt_no))
        if not fence(reference):
            return Outcome()
        ref = Ref(charge.payment_id, reference, charge.currency)
        return _confirm(provider, charge, ref, attempt_no)
    except Refused as refusal:
        return Outcome(refusal=refusal.code)
    except Unknown:
        return Outcome()
    except Misconfigured as error:
        return Outcome(error=str(error))


def _confirm(provider: Payments, charge: Charge, ref: Ref, attempt_no: int) -> Outcome:
    """Confirm a payment; one that is refused is closed, so that it cannot be confirmed later."""
    try:
        snapshot = provider.confirm(charge, ref, key_of(ref.payment_id, "confirm", attempt_no))
    except Refused as refusal:
        closed = _try_to_close(provider, ref, attempt_no)
        if closed is None or closed.state != "canceled":
            return Outcome(closed, refusal=refusal.code)
        return Outcome(replace(closed, state="failed", error_code=refusal.code))
    return Outcome(snapshot, is_answer=True)


def _try_to_close(provider: Payments, ref: Ref, attempt_no: int) -> Snapshot | None:
    try:
        return provider.void(ref, key_of(ref.payment_id, "void", attempt_no))
    except (Refused, Unknown, Misconfigured):
        return None


def pass_fence(payment_id: UUID, reference: str) -> bool:
    """Store the provider's reference of a payment, in a unit of work of its own.

    Returns:
        False if the payment has one, or was closed meanwhile: the customer must not be charged.
    """
    passed = (
        sa.update(Payment)
        .where(
            Payment.id == payment_id,
            Payment.status == "processing",
            Payment.provider_payment_id.is_(None),
            Payment.void_requested_at.is_(None),
        )
        .values(provider_payment_id=reference, version=Payment.version + 1)
        .returning(Payment.id)
        .execution_options(synchronize_session=False)
    )
    return work.run(lambda: session.scalar(passed)) is not None


def resume(payment_id: UUID, new: NewPayment) -> Outcome:
    """Go on with a payment that another request has started.

    One that has a reference may have been charged, so the provider is only asked.
    """
    row = work.run(lambda: _read(payment_id), read_only=True)
    if row is None:
        return Outcome()
    payment, number, currency = row
    reference, attempt_no = payment.provider_payment_id, payment.attempt_no
    try:
        provider = provider_of(payment.provider)
        if reference is not None:
            return Outcome(provider.fetch(Ref(payment_id, reference, currency)))
    except Unknown:
        return Outcome()
    except Misconfigured as error:
        return Outcome(error=str(error))
    charge = charge_of(number, currency, payment, new)
    return charge_customer(
        provider, charge, lambda opened: pass_fence(payment_id, opened), attempt_no
    )


def _read(payment_id: UUID) -> tuple[Payment, int, str] | None:
    """Return an open payment with the number and the currency of its order."""
    statement = (
        sa.select(Payment, Order.number, Order.currency)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Payment.id == payment_id,
            Payment.status.in_(("processing", "requires_action")),
        )
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    session.expunge(row[0])
    return row[0], row[1], row[2]
