"""Close payments at their providers."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import Misconfigured, Ref, Refused, Snapshot, Unknown
from mercato_kit import work
from mercato_kit.db import session, touch
from mercato_orders.access import SYSTEM, Caller
from mercato_orders.errors import InvalidTransition
from mercato_orders.models import IN_FLIGHT, Order, Payment
from mercato_orders.permissions import WRITE
from mercato_orders.services.attention import needs_attention
from mercato_orders.services.locks import lock_payment
from mercato_orders.services.payments.settlement import merge
from mercato_orders.services.providers import key_of, provider_of
from mercato_orders.services.voids import request_void

Answer = Snapshot | Refused
"""What a provider says to a void. A refusal had no effect."""


@dataclass(frozen=True, slots=True)
class VoidRequest:
    """Close a payment that is not captured; its methods are the parts of a remote command.

    Args:
        payment_id: The payment.
        caller: Who closes it. The owner may, until it is authorized, for example to pay otherwise.
    """

    payment_id: UUID
    caller: Caller

    def begin(self) -> UUID | Payment:
        """Request that the payment is closed.

        Returns:
            Its id; the payment if its provider does not have it, so that it is canceled.

        Raises:
            NotFound: It does not exist, or the caller may not see it.
            Forbidden: The caller may not close it.
            InvalidTransition: It is captured or closed, or a capture is pending.
        """
        order, payment = lock_payment(self.payment_id, self.caller)
        if payment.status == "authorized" or not self.caller.owns(order):
            self.caller.require(WRITE)
        if payment.status not in IN_FLIGHT or payment.amount_capture_pending:
            raise InvalidTransition
        request_void(payment)
        touch(order)
        session.flush()
        return payment if payment.status == "canceled" else payment.id

    def call(self, payment_id: UUID, resumed: bool) -> Answer | None:  # noqa: FBT001
        """Close it at the provider; None if the answer is not known."""
        try:
            return ask_void(payment_id)
        except (Unknown, Misconfigured):
            return None

    def finish(self, payment_id: UUID, answer: Answer | None) -> Payment:
        """Record the answer, and return the payment as it is then."""
        return finish_void(payment_id, answer, self.caller)


def ask_void(payment_id: UUID) -> Answer | None:
    """Close a payment at its provider. No unit of work is running; nothing is written.

    Returns:
        Its answer; None if there is nothing to close.

    Raises:
        Unknown, Misconfigured: There is no answer.
    """
    row = work.run(lambda: _read(payment_id), read_only=True)
    if row is None:
        return None
    provider, ref, attempt_no = row
    try:
        return provider_of(provider).void(ref, key_of(payment_id, "void", attempt_no))
    except Refused as refusal:
        return refusal


def _read(payment_id: UUID) -> tuple[str, Ref, int] | None:
    statement = (
        sa.select(Payment.provider, Payment.provider_payment_id, Payment.attempt_no, Order.currency)
        .join(Order, Order.id == Payment.order_id)
        .where(
            Payment.id == payment_id,
            Payment.provider_payment_id.is_not(None),
            Payment.void_requested_at.is_not(None),
        )
    )
    row = session.execute(statement).one_or_none()
    if row is None:
        return None
    provider, reference, attempt_no, currency = row
    return provider, Ref(payment_id, reference or "", currency), attempt_no


def finish_void(payment_id: UUID, answer: Answer | None, caller: Caller | None = None) -> Payment:
    """Record the answer to a void, and return the payment, locked, with its order.

    A refusal needs an operator: the payment may still be paid.
    """
    order, payment = lock_payment(payment_id)
    if isinstance(answer, Snapshot):
        merge(order, payment, answer, SYSTEM if caller is None else caller.acts_as(order))
    elif answer is not None:
        needs_attention(payment, "void_refused", answer.code)
    session.flush()
    return payment


def call_void(payment_id: UUID) -> None:
    """Close a payment at its provider, and record its answer. No unit of work is running.

    Raises:
        Unknown, Misconfigured: There is no answer; nothing was written.
    """
    answer = ask_void(payment_id)
    if answer is not None:
        work.run(lambda: finish_void(payment_id, answer))
