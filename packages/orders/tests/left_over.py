"""Payments, captures and refunds as a process leaves them that dies, and what the bank has."""

from datetime import timedelta

import sqlalchemy as sa

from mercato_contracts.payments import Charge
from mercato_kit.db import new_id, session, utc_now
from mercato_orders.models import Capture, Payment, PaymentEvent, Refund
from mercato_orders.services.locks import lock_payment
from mercato_orders.services.voids import request_void

from . import factories
from .bank import BANK, Account


def leave_payment(order_id, state="processing", *, opened=True, **values):
    """Leave a payment of an order, which the bank has in a state; return its id."""
    order, payment_id = factories.find_order(order_id), new_id()
    usual = {
        "id": payment_id,
        "order_id": order.id,
        "provider": "bank",
        "amount": order.amount_total,
    }
    if opened:
        usual["provider_payment_id"] = f"bank_{payment_id}"
    payment = Payment(**{**usual, **values})
    session.add(payment)
    session.flush()
    capture = payment.capture
    charge = Charge(payment_id, order.id, order.number, payment.amount, order.currency, capture)
    BANK.accounts[payment_id] = Account(charge, state)
    if state == "captured":
        BANK.accounts[payment_id].captured = payment.amount
    return payment_id


ANSWERED = {"state": "processing", "observed_at": "2026-01-01T00:00:00+00:00"}
"""What is kept of the answer to a confirmation."""


def find_payment(payment_id):
    """Return a payment as it is now."""
    return session.get_one(Payment, payment_id, populate_existing=True)


def captures_of(payment_id):
    """Return the captures of a payment."""
    statement = sa.select(Capture).where(Capture.payment_id == payment_id)
    return list(session.scalars(statement.order_by(Capture.id)))


def refunds_of(payment_id):
    """Return the refunds of a payment."""
    statement = sa.select(Refund).where(Refund.payment_id == payment_id)
    return list(session.scalars(statement.order_by(Refund.id)))


def events():
    """Return the events of payments, oldest first."""
    return list(session.scalars(sa.select(PaymentEvent).order_by(PaymentEvent.received_at)))


def make_due(seconds=60):
    """Let everything be due that is checked or settled again."""
    past = utc_now() - timedelta(seconds=seconds)
    for model in (Payment, Capture, Refund):
        session.execute(sa.update(model).values(next_check_at=past))
    session.execute(sa.update(PaymentEvent).values(next_attempt_at=past))


def only_payment():
    """Return the id of the only payment that the bank has."""
    [payment_id] = BANK.accounts
    return payment_id


def give_up(payment_id):
    """Request that a payment is closed."""
    request_void(lock_payment(payment_id)[1])


def be_silent(payment_id, duration):
    """Let the first error of a payment be some time ago."""
    find_payment(payment_id).unanswered_since = utc_now() - duration


def grow_old(model, age):
    """Let rows have begun some time ago."""
    past = utc_now() - age
    values = {"created_at": past, "attempt_at": past}
    session.execute(sa.update(model).values(values))
