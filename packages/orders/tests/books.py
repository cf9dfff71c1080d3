"""The books of all orders: what disagrees between orders, the bank and the warehouse."""

from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_orders.models import ACTIVE, Capture, Line, Order, Payment, PaymentEvent, Refund

from .fakes import Item, Reservation

RESERVATIONS = {
    ("open", "unpaid"): "held",
    ("canceled", "unpaid"): "released",
    ("expired", "unpaid"): "released",
}
"""The reservation of an order that no money was taken for."""

_TAKEN = ("authorized", "captured", "refunded")
"""Statuses of a payment that its order has taken, unless it was late."""


def free_units(item_id):
    """Return the units of a variant that can be sold."""
    return session.scalars(sa.select(Item.in_stock - Item.reserved).where(Item.id == item_id)).one()


def kept_units(item_id):
    """Return the units of a variant that are kept for orders that are not closed."""
    left = Line.quantity - Line.quantity_fulfilled - Line.quantity_canceled
    kept = sa.select(sa.func.coalesce(sa.func.sum(left), 0)).join(Order, Order.id == Line.order_id)
    of_item = Order.status == "open", Line.variant_id == item_id
    return session.scalars(kept.where(*of_item)).one()


def active_payment(order_id):
    """Return the id of the active payment of an order; None if there is none."""
    of = Payment.order_id == UUID(str(order_id)), Payment.status.in_(ACTIVE)
    return session.scalar(sa.select(Payment.id).where(*of))


def disagreements(bank, item_id):
    """Return what disagrees at rest in orders of a variant: nothing, if all is well."""
    of_item = sa.select(Line.order_id).where(Line.variant_id == item_id)
    theirs = sa.select(Payment).where(Payment.order_id.in_(of_item))
    payments = {row.id: row for row in session.scalars(theirs)}
    found = [("unfinished", *row) for row in _unfinished(list(payments))]
    for payment_id, account in bank.accounts.items():
        payment = payments[payment_id]
        ours = payment.amount_captured, payment.amount_refunded
        if ours != (account.captured, account.refunded):
            found.append(("ledger", payment.status, ours, account.captured, account.refunded))
        kept = account.captured - account.refunded
        if kept and payment.status not in ("captured", "authorized"):
            found.append(("kept", payment.status, kept))
    for order in session.scalars(sa.select(Order).where(Order.id.in_(of_item))):
        found += _of_order(order, [one for one in payments.values() if one.order_id == order.id])
    return found


def _of_order(order, payments):
    """Yield what disagrees in the books of an order."""
    state = order.status, order.payment_status
    late = set(session.scalars(sa.select(Refund.payment_id).where(Refund.source == "late_payment")))
    taken = [one for one in payments if one.status in _TAKEN and one.id not in late]
    if sum(one.amount_captured for one in taken) != order.amount_paid:
        yield "paid", state, order.amount_paid, [(one.status, one.amount_captured) for one in taken]
    is_settled = order.payment_status not in ("unpaid", "authorized")
    if is_settled and order.amount_paid + order.amount_canceled != order.amount_total:
        yield "due", state, order.amount_paid, order.amount_canceled, order.amount_total
    reservation = session.get_one(Reservation, order.id).status
    if RESERVATIONS.get(state, reservation) != reservation:
        yield "reservation", state, reservation


def _unfinished(payment_ids):
    """Yield what was begun and is not finished."""
    pending = Payment.amount_capture_pending + Payment.amount_refund_pending > 0
    is_open = Payment.status.in_(("processing", "requires_action", "refund_due"))
    columns = Payment.status, Payment.attention, Payment.last_error
    ours = Payment.id.in_(payment_ids)
    yield from session.execute(sa.select(*columns).where(ours, sa.or_(is_open, pending)))
    for model in (Capture, Refund):
        of = model.payment_id.in_(payment_ids), model.status == "pending"
        yield from session.execute(sa.select(model.status, model.amount).where(*of))
    waiting = PaymentEvent.payment_id.in_(payment_ids), PaymentEvent.processed_at.is_(None)
    yield from session.execute(
        sa.select(PaymentEvent.type, PaymentEvent.last_error).where(*waiting)
    )
