"""One attempt to pay an order.

With a provider on another machine it has three steps. The payment is committed before the provider
is called, and its reference before money can move.
"""

from dataclasses import dataclass, field
from uuid import UUID

from mercato_contracts.payments import Charge
from mercato_kit.db import session, touch
from mercato_orders.access import Caller
from mercato_orders.errors import PaymentDeclined
from mercato_orders.models import Order, Payment
from mercato_orders.services.attention import needs_attention
from mercato_orders.services.locks import lock_payment
from mercato_orders.services.payments.charges import (
    Outcome,
    charge_customer,
    pass_fence,
    resume,
)
from mercato_orders.services.payments.settlement import merge
from mercato_orders.services.payments.starts import start_payment
from mercato_orders.services.providers import provider_of
from mercato_orders.services.voids import request_void
from mercato_orders.states import PAYMENT, move
from mercato_orders.values import NewPayment

_OPEN = ("processing", "requires_action")


@dataclass(slots=True)
class Attempt:
    """Pay an order; its methods are the parts of a remote command.

    Args:
        order_id: The order.
        new: How it is paid.
        caller: Who pays it.
    """

    order_id: UUID
    new: NewPayment
    caller: Caller
    _charge: Charge | None = field(default=None, init=False)

    def begin(self) -> UUID | Payment:
        """Start the payment; see :func:`start_payment`.

        Returns:
            Its id if its provider is on another machine; else the payment, which is settled.

        Raises:
            PaymentDeclined: The provider here did not capture it.
        """
        provider = provider_of(self.new.provider)
        payment, charge = start_payment(self.order_id, self.new, provider, self.caller)
        if provider.capabilities.remote:
            self._charge = charge
            return payment.id

        def keep(reference: str) -> bool:
            payment.provider_payment_id = reference
            return True

        outcome = charge_customer(provider, charge, keep)
        return self._record(payment.order, payment, outcome)

    def call(self, payment_id: UUID, resumed: bool) -> Outcome:  # noqa: FBT001
        """Charge the customer, without a transaction."""
        if resumed or self._charge is None:
            return resume(payment_id, self.new)
        provider = provider_of(self.new.provider)
        return charge_customer(
            provider, self._charge, lambda reference: pass_fence(payment_id, reference)
        )

    def finish(self, payment_id: UUID, outcome: Outcome) -> Payment:
        """Record the outcome, and return the payment as it is then.

        Raises:
            PaymentDeclined: The provider declined it; the work is committed.
        """
        order, payment = lock_payment(payment_id)
        return self._record(order, payment, outcome)

    def _record(self, order: Order, payment: Payment, outcome: Outcome) -> Payment:
        if outcome.error is not None:
            needs_attention(payment, "misconfigured", outcome.error)
        if outcome.snapshot is not None:
            actor = self.caller.acts_as(order)
            merge(order, payment, outcome.snapshot, actor, is_answer=outcome.is_answer)
        is_refused = outcome.refusal is not None and payment.status in _OPEN
        if outcome.refusal is not None and is_refused:
            _refuse(order, payment, outcome.refusal)
        session.flush()
        if is_refused or payment.status == "failed":
            raise PaymentDeclined(payment.id, payment.error_code)
        return payment


def _refuse(order: Order, payment: Payment, code: str) -> None:
    """Record that a provider refused a payment; one that it has opened is closed there."""
    payment.error_code = code
    if payment.provider_payment_id is None:
        move(payment, PAYMENT, "failed")
        touch(order)
    else:
        request_void(payment)
