"""The pending capture of a payment: there is one at most."""

import sqlalchemy as sa

from mercato_kit.db import locked, refreshed, session
from mercato_orders.models import Capture, Payment
from mercato_orders.states import CAPTURE, move


def end_pending(payment: Payment, *, succeeded: bool, error_code: str | None = None) -> Capture:
    """End the pending capture of a locked payment; the captured amount is not counted here.

    Args:
        payment: The payment.
        succeeded: Whether the amount was captured.
        error_code: Why it was not.
    """
    statement = sa.select(Capture).where(
        Capture.payment_id == payment.id, Capture.status == "pending"
    )
    # The caller writes its changes of the payment with this one.
    with session.no_autoflush:
        capture = session.scalars(refreshed(locked(statement))).one()
    move(capture, CAPTURE, "succeeded" if succeeded else "failed")
    capture.error_code = error_code
    payment.amount_capture_pending -= capture.amount
    return capture
