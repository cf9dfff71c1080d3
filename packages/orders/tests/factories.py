"""Valid rows and request bodies."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.baskets import Address
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.models import OutboxEvent, PrivacyRequest, PrivacyStep
from mercato_orders.models import Order, Payment, Refund

from .fakes import Item, Reservation

BOLOGNA = Address("Alice Archer", "1 Market Street", "Bologna", "IT", postal_code="40121")

ADDRESS = {
    "name": "Alice Archer",
    "line1": "1 Market Street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}


def make_item(**values):
    """Put a variant up for sale; return its id."""
    item = Item(id=new_id(), **{"sku": "LAMP", "unit_amount": 1_250, "in_stock": 100, **values})
    session.add(item)
    return item.id


def order_of(*lines, **members):
    """Return the body of an order for ``(variant_id, quantity)`` pairs."""
    return {
        "lines": [{"variant_id": str(item), "quantity": quantity} for item, quantity in lines],
        "currency": "EUR",
        "shipping_address": ADDRESS,
        **members,
    }


def make_payment(order_id, **values):
    """Insert an unfinished payment of an order, which its provider has opened."""
    order = find_order(order_id)
    payment = Payment(
        id=new_id(),
        **{
            "order_id": order.id,
            "provider": "bank",
            "provider_payment_id": f"bank_{order.id}",
            "amount": order.amount_total,
            **values,
        },
    )
    session.add(payment)
    return payment.id


def let_time_pass(order_id, minutes=60):
    """Move the expiry of an order's reservation into the past."""
    past = utc_now() - timedelta(minutes=minutes)
    session.execute(sa.update(Order).where(Order.id == UUID(str(order_id))).values(expires_at=past))


def end_pauses():
    """Let the time pass until the features are asked once more about a person."""
    session.execute(sa.update(PrivacyRequest).values(due_at=utc_now()))
    session.execute(sa.update(PrivacyStep).values(next_attempt_at=None))


def count_reserved(item_id):
    """Return the reserved units of a variant."""
    return session.scalars(sa.select(Item.reserved).where(Item.id == item_id)).one()


def count_in_stock(item_id):
    """Return the units of a variant on hand, reserved ones included."""
    return session.scalars(sa.select(Item.in_stock).where(Item.id == item_id)).one()


def reservation_status_of(order_id):
    """Return the status of an order's reservation."""
    return session.scalar(
        sa.select(Reservation.status).where(Reservation.reference == UUID(str(order_id)))
    )


def find_order(order_id):
    """Return an order's row."""
    return session.get_one(Order, UUID(str(order_id)))


def find_payment(payment_id):
    """Return a payment's row."""
    return session.get_one(Payment, UUID(str(payment_id)))


def refunds_of(payment_id):
    """Return source, amount and status of the refunds of a payment."""
    of = sa.select(Refund.source, Refund.amount, Refund.status)
    of = of.where(Refund.payment_id == UUID(str(payment_id))).order_by(Refund.id)
    return [tuple(row) for row in session.execute(of)]


def change_payment(payment_id, **values):
    """Change a payment's row."""
    session.execute(sa.update(Payment).where(Payment.id == UUID(str(payment_id))).values(values))


def events_of(order_id):
    """Return the payloads of an order's events, oldest first."""
    of = sa.select(OutboxEvent.payload).where(OutboxEvent.aggregate_id == UUID(str(order_id)))
    return list(session.scalars(of.order_by(OutboxEvent.id)))


def restock(item_id, units):
    """Set the units of a variant in stock."""
    session.execute(sa.update(Item).where(Item.id == item_id).values(in_stock=units))


def change_price(item_id, unit_amount):
    """Set the price of a variant."""
    session.execute(sa.update(Item).where(Item.id == item_id).values(unit_amount=unit_amount))


def lose_reservation(order_id):
    """Release the units of an order without the order's knowledge."""
    session.execute(
        sa.update(Reservation)
        .where(Reservation.reference == UUID(str(order_id)))
        .values(status="released")
    )


def lose_count(item_id):
    """Set a variant's reserved units to 0, so that they cannot be released."""
    session.execute(sa.update(Item).where(Item.id == item_id).values(reserved=0))
