"""Valid rows and bodies."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import new_id
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_orders.models import Order
from mercato_orders.models import Payment

from .fakes import Item
from .fakes import Promise

ADDRESS = {
    "name": "Alice Archer",
    "line1": "1 Market Street",
    "city": "Bologna",
    "postal_code": "40121",
    "country": "IT",
}


def make_item(**values):
    """Put a variant up for sale; returns its id."""
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
    """Write a payment of an order down, as a provider on another machine leaves it."""
    order = find_order(order_id)
    payment = Payment(
        id=new_id(),
        **{"order_id": order.id, "provider": "manual", "amount": order.amount_total, **values},
    )
    session.add(payment)
    return payment.id


def let_time_pass(order_id, minutes=60):
    """Move the end of an order's hold into the past."""
    past = utc_now() - timedelta(minutes=minutes)
    session.execute(sa.update(Order).where(Order.id == UUID(str(order_id))).values(expires_at=past))


def count_reserved(item_id):
    """Return the units of a variant that are promised."""
    return session.scalars(sa.select(Item.reserved).where(Item.id == item_id)).one()


def promise_of(order_id):
    """Return the status of the promise of an order."""
    return session.scalar(sa.select(Promise.status).where(Promise.reference == UUID(str(order_id))))


def find_order(order_id):
    """Return an order's row."""
    return session.get_one(Order, UUID(str(order_id)))


def restock(item_id, units):
    """Set how many units of a variant there are."""
    session.execute(sa.update(Item).where(Item.id == item_id).values(in_stock=units))


def lose_promise(order_id):
    """Take the units of an order away behind its back."""
    session.execute(
        sa.update(Promise).where(Promise.reference == UUID(str(order_id))).values(status="released")
    )


def lose_count(item_id):
    """Forget that units of a variant are promised, so that they cannot be given back."""
    session.execute(sa.update(Item).where(Item.id == item_id).values(reserved=0))
