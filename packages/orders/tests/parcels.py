"""Orders whose units are sent, and their books."""

from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_orders.models import Capture, Fulfillment, FulfillmentLine, Line, OrderEvent, Payment

from .factories import order_of
from .fakes import Item, ReservationLine


def place(who, *wanted):
    """Place an order."""
    return who.post("/v1/orders", json=order_of(*wanted)).json


def units(order, *quantities):
    """Return units of the lines of an order."""
    return [
        {"line_id": line["id"], "quantity": quantity}
        for line, quantity in zip(order["lines"], quantities, strict=True)
        if quantity
    ]


def send(who, order, *quantities, headers=None, **body):
    """Send units of the lines of an order."""
    body = {"lines": units(order, *quantities), **body}
    return who.post(f"/v1/orders/{order['id']}/fulfillments", json=body, headers=headers)


def turn(who, parcel, verb):
    """Deliver or cancel a fulfilment."""
    return who.post(f"/v1/fulfillments/{parcel['id']}/{verb}")


def state(who, order):
    """Return the status of an order, of its payment and of its fulfilment."""
    found = who.get(f"/v1/orders/{order['id']}").json
    return found["status"], found["payment_status"], found["fulfillment_status"]


def stock_of(order):
    """Return the units in stock and the reserved ones of each variant of an order."""
    ids = [UUID(line["variant_id"]) for line in order["lines"]]
    items = {item.id: item for item in session.scalars(sa.select(Item).where(Item.id.in_(ids)))}
    return [(items[each].in_stock, items[each].reserved) for each in ids]


def captured(order):
    """Return what was captured of the payment of an order, what is pending, and its status."""
    columns = Payment.amount_captured, Payment.amount_capture_pending, Payment.status
    of = sa.select(*columns).where(Payment.order_id == UUID(order["id"]))
    return tuple(session.execute(of).one())


def captures(order):
    """Return the amounts of the captures of an order, whether each is final, and its status."""
    columns = Capture.amount, Capture.is_final, Capture.status
    of = sa.select(*columns).join(Payment, Payment.id == Capture.payment_id)
    rows = session.execute(of.where(Payment.order_id == UUID(order["id"])).order_by(Capture.id))
    return [tuple(row) for row in rows]


def topics(order):
    """Return the types of the entries of the timeline of an order, oldest first."""
    of = sa.select(OrderEvent.type).where(OrderEvent.order_id == UUID(order["id"]))
    return list(session.scalars(of.order_by(OrderEvent.id)))


def books_of(order):
    """Return lines whose units disagree with their fulfilments, or with stock: none."""
    of_order = Line.order_id == UUID(order["id"])
    lines = sa.select(Line.id).where(
        of_order,
        sa.or_(
            Line.quantity_fulfilled != _units_of("shipped", "delivered"),
            Line.quantity_pending != _units_of("pending"),
        ),
    )
    stock = (
        sa.select(Line.id)
        .join(
            ReservationLine,
            sa.and_(
                ReservationLine.reference == Line.order_id,
                ReservationLine.variant_id == Line.variant_id,
            ),
        )
        .where(of_order, ReservationLine.shipped != Line.quantity_fulfilled)
    )
    return [*session.scalars(lines), *session.scalars(stock)]


def _units_of(*statuses):
    return (
        sa.select(sa.func.coalesce(sa.func.sum(FulfillmentLine.quantity), 0))
        .join(Fulfillment, Fulfillment.id == FulfillmentLine.fulfillment_id)
        .where(FulfillmentLine.line_id == Line.id, Fulfillment.status.in_(statuses))
        .scalar_subquery()
    )
