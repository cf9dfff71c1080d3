"""Start a payment: what is committed before its provider is called."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_contracts.payments import Charge, Payments, Refused
from mercato_contracts.stock import Stock
from mercato_kit import db
from mercato_kit.db import session, utc_now
from mercato_kit.errors import invalid
from mercato_kit.later import with_defaults
from mercato_kit.services import get
from mercato_kit.settings import current_settings
from mercato_orders.access import Caller
from mercato_orders.cards import is_card_number
from mercato_orders.errors import OrderNotPayable, PaymentInProgress
from mercato_orders.models import ACTIVE, Order, Payment
from mercato_orders.models.base import one_of
from mercato_orders.permissions import READ, WRITE
from mercato_orders.services.queries import found
from mercato_orders.settings import OrdersSettings
from mercato_orders.states import due, may
from mercato_orders.values import NewPayment


def start_payment(
    order_id: UUID, new: NewPayment, provider: Payments, caller: Caller
) -> tuple[Payment, Charge]:
    """Insert a payment of an order, and keep its units reserved meanwhile.

    Returns:
        The payment with its order, which are locked, and what the provider is called with.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
        Forbidden: The caller may not pay it with this provider.
        OrderNotPayable: It is paid or closed, or its units are no longer reserved.
        PaymentInProgress: Another payment of the order is in progress.
        Invalid: The provider cannot charge this.
    """
    order = _lock(order_id, caller)
    if not (caller.owns(order) and provider.capabilities.by_customer):
        caller.require(WRITE)
    if not may(order, "authorize") or order.amount_paid:
        raise OrderNotPayable
    payment = _insert(order, new.provider, _capture(provider))
    charge = charge_of(order.number, order.currency, payment, new)
    _check(charge, provider)
    if order.expires_at and not get(Stock).extend(order.id, order.expires_at):
        raise OrderNotPayable("The units of the order are no longer reserved.")
    return payment, charge


def _lock(order_id: UUID, caller: Caller) -> Order:
    """Lock an order by moving its expiry."""
    minutes = current_settings(OrdersSettings).payment_window_minutes
    until = sa.literal(utc_now() + timedelta(minutes=minutes), db.UtcDateTime())
    moved = (
        sa.update(Order)
        .where(Order.id == order_id, caller.sees(READ, WRITE))
        .values(
            expires_at=sa.case((Order.expires_at > until, Order.expires_at), else_=until),
            version=Order.version + 1,
        )
        .returning(Order)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return found(session.scalar(moved), order_id)


def _capture(provider: Payments) -> str:
    """Return whether a payment is captured now, or only authorized."""
    at_once = current_settings(OrdersSettings).capture_at == "payment"
    return "now" if at_once or not provider.capabilities.authorize else "later"


def _insert(order: Order, provider: str, capture: str) -> Payment:
    row = {
        "order_id": order.id,
        "provider": provider,
        "capture": capture,
        "amount": due(order),
    }
    inserted: Payment | None = session.scalar(
        db.insert(Payment)
        .values(with_defaults(Payment, row))
        .on_conflict_do_nothing(
            index_elements=[Payment.order_id], index_where=sa.text(one_of("status", ACTIVE))
        )
        .returning(Payment)
    )
    if inserted is None:
        active = Payment.order_id == order.id, Payment.status.in_(ACTIVE)
        raise PaymentInProgress(session.scalar(sa.select(Payment.id).where(*active)))
    set_committed_value(inserted, "order", order)
    return inserted


def charge_of(number: int, currency: str, payment: Payment, new: NewPayment) -> Charge:
    """Return what a provider is called with."""
    return Charge(
        payment_id=payment.id,
        order_id=payment.order_id,
        number=number,
        amount=payment.amount,
        currency=currency,
        capture="now" if payment.capture == "now" else "later",
        payment_method=new.payment_method,
        return_url=new.return_url,
    )


def _check(charge: Charge, provider: Payments) -> None:
    method = charge.payment_method
    if method and is_card_number(method) and not provider.capabilities.takes_card_numbers:
        detail = "Send the provider's token of the payment method, never a card number."
        raise invalid("/payment_method", "card_number", detail)
    try:
        provider.check(charge)
    except Refused as refusal:
        detail = refusal.detail or "The provider cannot charge this amount and currency."
        raise invalid("/provider", refusal.code, detail) from refusal
