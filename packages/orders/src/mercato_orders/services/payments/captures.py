"""Capture an authorized payment, or a part of it."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_contracts.payments import Misconfigured, Ref, Refused, Snapshot, Unknown
from mercato_kit import work
from mercato_kit.db import new_id, session, touch
from mercato_kit.errors import invalid
from mercato_kit.later import later
from mercato_orders.access import SYSTEM, Actor, Caller
from mercato_orders.errors import InvalidTransition, PaymentDeclined
from mercato_orders.models import Capture, Order, Payment
from mercato_orders.permissions import WRITE
from mercato_orders.services.locks import lock_payment, lock_payment_of
from mercato_orders.services.payments.pending import end_pending
from mercato_orders.services.payments.settlement import merge
from mercato_orders.services.providers import capabilities_of, key_of, provider_of
from mercato_orders.services.shipments import settle_pending
from mercato_orders.states import due

Answer = Snapshot | Refused
"""What a provider says to a capture. A refusal had no effect."""


@dataclass(frozen=True, slots=True)
class CaptureRequest:
    """Capture a payment for staff; its methods are the parts of a remote command.

    Args:
        payment_id: The payment.
        amount: Minor units; None for all that is due.
        caller: Who captures it.
    """

    payment_id: UUID
    amount: int | None
    caller: Caller

    def begin(self) -> UUID:
        """Claim the amount, and return the id of the capture.

        Raises:
            NotFound: The payment does not exist, or the caller may not see it.
            Forbidden: The caller does not have the permission ``orders.write``.
            InvalidTransition: It is not authorized, another capture or a void is pending, less is
                left, or its provider is no longer enabled.
            Invalid: The provider cannot capture a part.
        """
        order, payment = lock_payment(self.payment_id, self.caller)
        self.caller.require(WRITE)
        left = due(order) - payment.amount_captured
        amount = left if self.amount is None else self.amount
        if order.status not in ("open", "completed") or not 0 < amount <= left:
            raise InvalidTransition("There is less left to capture.")
        return start_capture(order, payment, amount, final=_is_final(payment, amount, left))

    def call(self, capture_id: UUID, resumed: bool) -> Answer | None:  # noqa: FBT001
        """Capture it at the provider; None if the answer is not known."""
        return try_capture(capture_id)

    def finish(self, capture_id: UUID, answer: Answer | None) -> Payment:
        """Record the answer, and return the payment as it is then.

        Raises:
            PaymentDeclined: The provider refused; the work is committed.
        """
        payment = finish_capture(capture_id, answer, caller=self.caller)
        if isinstance(answer, Refused):
            raise PaymentDeclined(payment.id, answer.code)
        return payment


def _is_final(payment: Payment, amount: int, left: int) -> bool:
    """Return whether a capture is the last one.

    Raises:
        InvalidTransition: The provider is no longer enabled.
        Invalid: The provider cannot capture a part, or not the rest after it.
    """
    able = capabilities_of(payment.provider)
    if amount + payment.amount_captured < payment.amount and not able.partial_capture:
        raise invalid("/amount", "partial", "The provider captures only the whole amount.")
    if amount < left and not able.multiple_captures:
        raise invalid("/amount", "partial", "The provider captures once: all that is due.")
    return amount == left


def start_capture(
    order: Order,
    payment: Payment,
    amount: int,
    *,
    final: bool,
    fulfillment_id: UUID | None = None,
) -> UUID:
    """Claim an amount of an authorized payment, and write the capture; return its id.

    Args:
        order: The order, locked.
        payment: Its payment.
        amount: Minor units, 1 or more.
        final: Whether the rest of the authorisation is given up.
        fulfillment_id: The fulfilment that waits for it.

    Raises:
        InvalidTransition: The payment is not authorized, another capture or a void is pending, or
            less is left.
    """
    claimed = (
        sa.update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.status == "authorized",
            Payment.amount_capture_pending == 0,
            Payment.void_requested_at.is_(None),
            Payment.amount_captured + amount <= Payment.amount,
        )
        .values(amount_capture_pending=amount, version=Payment.version + 1)
        .returning(Payment)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    row = session.scalar(claimed)
    if row is None:
        raise InvalidTransition("The payment cannot be captured now.")
    set_committed_value(row, "order", order)
    capture = {
        "id": new_id(),
        "payment_id": payment.id,
        "fulfillment_id": fulfillment_id,
        "amount": amount,
        "is_final": final,
    }
    return later(Capture, [capture])[0]["id"]  # type: ignore[no-any-return]


def try_capture(capture_id: UUID) -> Answer | None:
    """Capture at the provider; None if its answer is not known, and is to be asked for later."""
    try:
        return call_capture(capture_id)
    except (Unknown, Misconfigured):
        return None


def call_capture(capture_id: UUID) -> Answer | None:
    """Capture at the provider. No unit of work is running; nothing is written.

    Returns:
        Its answer; None if the capture is no longer pending.

    Raises:
        Unknown, Misconfigured: There is no answer.
    """
    row = work.run(lambda: _read(capture_id), read_only=True)
    if row is None:
        return None
    provider, ref, amount, final, attempt_no = row
    key = key_of(capture_id, "capture", attempt_no)
    try:
        return provider_of(provider).capture(ref, capture_id, amount, final, key)
    except Refused as refusal:
        return refusal


def _read(capture_id: UUID) -> tuple[str, Ref, int, bool, int] | None:
    row = session.execute(
        sa.select(Capture, Payment, Order.currency)
        .join(Payment, Payment.id == Capture.payment_id)
        .join(Order, Order.id == Payment.order_id)
        .where(Capture.id == capture_id, Capture.status == "pending")
    ).one_or_none()
    if row is None:
        return None
    capture, payment, currency = row
    ref = Ref(payment.id, payment.provider_payment_id or "", currency)
    return payment.provider, ref, capture.amount, capture.is_final, capture.attempt_no


def finish_capture(
    capture_id: UUID,
    answer: Answer | None,
    actor: Actor = SYSTEM,
    *,
    caller: Caller | None = None,
) -> Payment:
    """Record the answer to a capture, and return its payment, locked, with its order.

    A fulfilment that waits for it is shipped, or canceled.

    Args:
        capture_id: The capture.
        answer: The answer; None if it is not known.
        actor: Who is named in the timeline.
        caller: Who is named instead.
    """
    order, payment = lock_payment_of(capture_id)
    actor = actor if caller is None else caller.acts_as(order)
    if isinstance(answer, Snapshot):
        merge(order, payment, answer, actor)
    elif answer is not None and payment.amount_capture_pending:
        _fail(order, payment, answer.code, actor)
    return payment


def _fail(order: Order, payment: Payment, code: str, actor: Actor) -> None:
    capture = end_pending(payment, succeeded=False, error_code=code)
    touch(order)
    session.flush()
    if capture.fulfillment_id is not None:
        settle_pending(order, capture.fulfillment_id, captured=False, actor=actor)
