"""Orders that are paid and sent, made without the requests that do it, and their books."""

from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import Charge, Ref
from mercato_contracts.stock import Stock
from mercato_kit import leases
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.models import IdempotencyKey
from mercato_kit.services import get
from mercato_orders import services
from mercato_orders.models import Line, Order, Payment, Refund, RefundLine
from mercato_orders.services.refunds import merge_refunds
from mercato_orders.states import fulfillment_status, payment_status

from .bank import BANK, Account
from .factories import find_order


def pay(order_id, *, bank=BANK, authorize=False, captured=None):
    """Pay an order with a fake provider; *captured* is a part of what is authorized."""
    order = find_order(order_id)
    status = "authorized" if authorize or captured is not None else "captured"
    amount = order.amount_total if status == "captured" else captured or 0
    payment = Payment(
        id=new_id(),
        order_id=order.id,
        provider=bank.name,
        status=status,
        capture="now" if status == "captured" else "later",
        amount=order.amount_total,
        amount_captured=amount,
    )
    payment.provider_payment_id = f"{bank.name}_{payment.id}"
    charge = Charge(payment.id, order.id, order.number, order.amount_total, order.currency)
    bank.accounts[payment.id] = Account(charge, status, amount)
    session.add(payment)
    get(Stock).commit(order.id)
    order.amount_paid, order.expires_at = amount, None
    order.payment_status = payment_status(order, [status])
    order.paid_at = utc_now() if status == "captured" else None
    return payment.id


def set_total(order_id, amount, tax):
    """Let the only line of an unpaid order cost *amount*, with its tax."""
    order = find_order(order_id)
    (line,) = _lines_of(order)
    line.tax_included = order.tax_included = True
    line.amount_discount = order.amount_discount = line.amount_subtotal - amount
    line.amount_total = order.amount_total = amount
    line.amount_tax = order.amount_tax = tax


def add_shipping(order_id, amount, tax):
    """Let an unpaid order cost *amount* more, and *tax* besides."""
    order = find_order(order_id)
    order.amount_shipping, order.amount_tax, order.amount_shipping_tax = amount, tax, tax
    order.amount_total += amount + tax


def add_taxes(order_id, shipping):
    """Add 19 % of tax to the lines of an unpaid order, and shipping with 19 % of tax."""
    order = find_order(order_id)
    for line in _lines_of(order):
        line.amount_tax = line.amount_total * 19 // 100
        line.amount_total += line.amount_tax
        order.amount_tax += line.amount_tax
    order.amount_shipping, order.amount_shipping_tax = shipping, shipping * 19 // 100
    order.amount_tax += order.amount_shipping_tax
    order.amount_total += order.amount_tax + shipping


def canceled_tax_of(order_id):
    """Return the tax of what was canceled before it was captured."""
    return find_order(order_id).amount_canceled_tax


def settle(refund_id, snapshot):
    """Record what a provider says of a refund."""
    services.settle_refund(UUID(str(refund_id)), snapshot)


def merge(order_id, snapshots):
    """Record the refunds that a provider lists."""
    order = find_order(order_id)
    merge_refunds(order, payment_of(order.id), snapshots)


def attention_of(order_id):
    """Return why operators have to look at the payments of an order."""
    of = sa.select(Payment.attention).where(Payment.order_id == UUID(str(order_id)))
    return list(session.scalars(of))


def end_leases():
    """Let the time of the lease on each idempotency key pass."""
    session.execute(sa.update(IdempotencyKey).values(leased_until=leases.now(-1)))


def change_payment(order_id, **values):
    """Change the payment of an order."""
    of = sa.update(Payment).where(Payment.order_id == UUID(str(order_id)))
    session.execute(of.values(**values))


def is_void_requested(order_id):
    """Return whether the payment of an order is to be closed at its provider."""
    return payment_of(order_id).void_requested_at is not None


def close(order_id):
    """Close the payment of an order at the bank, and record what the bank says."""
    payment = payment_of(order_id)
    assert payment.void_requested_at is not None
    ref = Ref(payment.id, payment.provider_payment_id, "EUR")
    services.settle(payment.id, BANK.void(ref, f"{payment.id}:void:1"))


def close_if_asked(order_id):
    """Close the payment of an order at the bank, if it is to be closed."""
    if is_void_requested(order_id):
        close(order_id)


def payment_of(order_id):
    """Return the payment of an order."""
    of = sa.select(Payment).where(Payment.order_id == UUID(str(order_id)))
    return session.scalars(of).one()


def ship(order_id, **units):
    """Send units of an order, by SKU; all that are left if none are named."""
    order = find_order(order_id)
    lines = _lines_of(order)
    sent = {}
    for line in lines:
        sent[line.variant_id] = units.get(line.sku, 0) if units else line.quantity_unsent
        line.quantity_fulfilled += sent[line.variant_id]
    order.fulfillment_sequence += 1
    parcel = {variant_id: quantity for variant_id, quantity in sent.items() if quantity}
    get(Stock).ship(order.id, order.fulfillment_sequence, parcel)
    order.fulfillment_status = fulfillment_status(lines)
    if all(line.quantity == line.quantity_fulfilled + line.quantity_canceled for line in lines):
        order.status = "completed"


def count_own(statements):
    """Return how many statements were those of orders, not of the fake warehouse."""
    return sum("warehouse_" not in statement for statement in statements)


def database():
    """Return the name of the database."""
    return session.get_bind().dialect.name


def ship_some(order_id, wanted):
    """Send units of an open order by SKU, as far as they are left."""
    order = find_order(order_id)
    lines = _lines_of(order)
    sent = {line.sku: min(wanted[line.sku], line.quantity_unsent) for line in lines}
    if order.status == "open" and any(sent.values()):
        ship(order_id, **sent)


def _lines_of(order):
    return list(session.scalars(sa.select(Line).where(Line.order_id == order.id)))


def books_of(order_id):
    """Return what disagrees in the books of an order: nothing, if all is well."""
    order_id = UUID(str(order_id))
    return [
        *(("payment", row.id) for row in session.execute(_PAYMENTS, {"order": order_id})),
        *(("lines", row.id) for row in session.execute(_LINES, {"order": order_id})),
        *(("order", row.id) for row in session.execute(_ORDERS, {"order": order_id})),
    ]


def _sum_of(status):
    return (
        sa.select(sa.func.coalesce(sa.func.sum(Refund.amount), 0))
        .where(Refund.payment_id == Payment.id, Refund.status == status)
        .scalar_subquery()
    )


_PAYMENTS = sa.select(Payment.id).where(
    Payment.order_id == sa.bindparam("order"),
    sa.or_(
        Payment.amount_refunded != _sum_of("succeeded"),
        Payment.amount_refund_pending != _sum_of("pending"),
    ),
)
_REFUNDED_UNITS = (
    sa.select(sa.func.coalesce(sa.func.sum(RefundLine.quantity), 0))
    .where(RefundLine.line_id == Line.id, RefundLine.kind.in_(("returned", "kept")))
    .scalar_subquery()
)
_LINES = sa.select(Line.id).where(
    Line.order_id == sa.bindparam("order"), Line.quantity_refunded != _REFUNDED_UNITS
)
_ORDERS = sa.select(Order.id).where(
    Order.id == sa.bindparam("order"),
    Order.payment_status.not_in(("unpaid", "authorized")),
    Order.amount_paid + Order.amount_canceled != Order.amount_total,
)
