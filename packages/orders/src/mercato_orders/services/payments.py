"""Pay an order: start a payment, charge it with a provider, record the result."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import set_committed_value

from mercato_contracts.stock import Stock
from mercato_kit.db import locked, new_id, refreshed, session, touch, utc_now
from mercato_kit.services import get
from mercato_kit.settings import current_settings
from mercato_orders.access import SYSTEM, Actor, Caller
from mercato_orders.errors import OrderNotPayable, PaymentInProgress
from mercato_orders.models import IN_FLIGHT, Order, Payment
from mercato_orders.payments import PROVIDERS
from mercato_orders.payments.provider import Charge, Result
from mercato_orders.permissions import WRITE
from mercato_orders.services.queries import lock_order
from mercato_orders.settings import OrdersSettings
from mercato_orders.states import payment_status
from mercato_orders.timeline import PAID, announce
from mercato_orders.values import NewPayment


def pay_order(order_id: UUID, new: NewPayment, caller: Caller) -> Payment:
    """Pay an order in full.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
        Forbidden: The caller may not mark it as paid.
        OrderNotPayable: It is paid or closed, or its units are no longer reserved.
        PaymentInProgress: Another payment of the order is in progress.
    """
    order = lock_order(order_id, caller, selectinload(Order.payments))
    by_customer = current_settings(OrdersSettings).manual_by_customer
    if not (caller.owns(order) and by_customer):
        caller.require(WRITE)
    payment = start_payment(order, new.provider)
    charge = Charge(payment.id, payment.amount, order.currency, new.payment_method, new.return_url)
    result = PROVIDERS[new.provider].charge(charge)
    return settle_payment(payment.id, result, caller.acts_as(order))


def start_payment(order: Order, provider: str) -> Payment:
    """Start a payment of a locked order, or return the one that *provider* is processing.

    The reservation is extended by the payment window.

    Raises:
        OrderNotPayable: It is paid or closed, or its units are no longer reserved.
        PaymentInProgress: Another payment of the order is in progress.
    """
    if (order.status, order.payment_status) != ("open", "unpaid"):
        raise OrderNotPayable
    started = next((payment for payment in order.payments if payment.status in IN_FLIGHT), None)
    if started is not None and (started.provider, started.status) != (provider, "processing"):
        raise PaymentInProgress
    until = utc_now() + timedelta(minutes=current_settings(OrdersSettings).payment_window_minutes)
    order.expires_at = max(until, order.expires_at or until)
    payment = started or _insert_payment(order, provider)
    if not get(Stock).extend(order.id, order.expires_at):
        raise OrderNotPayable("The units of the order are no longer reserved.")
    return payment


def _insert_payment(order: Order, provider: str) -> Payment:
    payment = Payment(id=new_id(), order_id=order.id, provider=provider, amount=order.amount_total)
    session.add(payment)
    session.flush()
    return payment


def settle_payment(payment_id: UUID, result: Result, actor: Actor = SYSTEM) -> Payment:
    """Record the result of a payment. A repeated call has no effect.

    A payment captured after the order was closed, or after its units were released, is marked
    ``refund_due``.

    Args:
        payment_id: Id of an existing payment.
        result: The provider's result.
        actor: The actor for the timeline.
    """
    order, payment = _lock_payment(payment_id)
    if payment.status not in IN_FLIGHT:
        return payment
    payment.provider_payment_id = result.provider_payment_id
    touch(order)
    if result.status == "declined":
        payment.status = "failed"
        payment.error_code = result.error_code
        session.flush()
        return payment
    payment.amount_captured = payment.amount
    payment.status = "captured" if _commit_units(order) else "refund_due"
    if payment.status == "captured":
        _mark_paid(order, payment, actor)
    session.flush()
    return payment


def _lock_payment(payment_id: UUID) -> tuple[Order, Payment]:
    """Lock a payment's order, then the payment. A fixed order of locks prevents deadlocks."""
    of_payment = sa.select(Payment.order_id).where(Payment.id == payment_id).scalar_subquery()
    order = session.scalars(refreshed(locked(sa.select(Order).where(Order.id == of_payment)))).one()
    payment = session.scalars(
        refreshed(locked(sa.select(Payment).where(Payment.id == payment_id)))
    ).one()
    set_committed_value(payment, "order", order)
    return order, payment


def _commit_units(order: Order) -> bool:
    """Commit the reservation of an unpaid order; return False if the order cannot be paid."""
    if (order.status, order.payment_status) != ("open", "unpaid"):
        return False
    return get(Stock).commit(order.id)


def _mark_paid(order: Order, payment: Payment, actor: Actor) -> None:
    order.amount_paid = payment.amount_captured
    order.payment_status = payment_status(order, [payment.status])
    order.paid_at = order.updated_at
    order.expires_at = None
    announce(order, PAID, actor)


def request_void(payment: Payment) -> None:
    """Ask for a locked payment to be closed at its provider."""
    payment.void_requested_at = payment.next_check_at = utc_now()
