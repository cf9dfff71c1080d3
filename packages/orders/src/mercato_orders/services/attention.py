"""Payments that an operator has to look at."""

from mercato_kit.db import utc_now
from mercato_orders.access import SYSTEM
from mercato_orders.models import Payment
from mercato_orders.services import schedule
from mercato_orders.timeline import NOTED, write_entry

ERROR_LENGTH = 500


def needs_attention(payment: Payment, word: str, error: str | None = None) -> None:
    """Let an operator look at a locked payment. What must be decided is not hidden by an outage.

    Args:
        payment: The payment.
        word: Why; one of :data:`mercato_orders.models.ATTENTION`.
        error: What the provider said.
    """
    if not schedule.replaces(payment.attention, word):
        return
    payment.attention, payment.attention_at = word, utc_now()
    if error is not None:
        payment.last_error = error[:ERROR_LENGTH]
    data = {"payment_id": str(payment.id), "reason": word}
    write_entry(payment.order_id, NOTED, SYSTEM, data, is_public=False)
