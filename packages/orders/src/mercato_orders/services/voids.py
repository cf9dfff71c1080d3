"""Give a payment up."""

from mercato_kit.db import utc_now
from mercato_orders.models import Payment
from mercato_orders.states import PAYMENT, move


def request_void(payment: Payment) -> None:
    """Request that a locked payment is closed, which its order does not wait for.

    The provider closes it, or says that it was captured meanwhile. One that has no reference is
    canceled at once: it cannot get one any more, so it cannot move money.
    """
    if payment.provider_payment_id is None and payment.status == "processing":
        move(payment, PAYMENT, "canceled")
    else:
        payment.void_requested_at = payment.void_requested_at or utc_now()
        payment.next_check_at = utc_now()
