"""Send units of an order, capture their payment before, and follow what was sent."""

from collections.abc import Container, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from mercato_kit.db import check_version, locked, new_id, refreshed, session, touch, utc_now
from mercato_kit.errors import NotFound
from mercato_kit.later import later
from mercato_orders.access import SYSTEM, Actor, Caller
from mercato_orders.errors import InvalidTransition, OrderNotPaid, QuantityExceedsRemaining
from mercato_orders.models import Fulfillment, FulfillmentLine, Line, Order
from mercato_orders.services import units
from mercato_orders.services.queries import found
from mercato_orders.services.shipments import (
    LEFT,
    Units,
    count,
    facts_of,
    ship,
    take_back,
)
from mercato_orders.states import FULFILLMENT, may, move, require
from mercato_orders.timeline import DELIVERED, announce
from mercato_orders.values import NewFulfillment

_WRITTEN = (
    "id",
    "order_id",
    "sequence",
    "status",
    "tracking_company",
    "tracking_number",
    "shipped_at",
    "version",
    "created_at",
    "updated_at",
)


def start_fulfillment(order_id: UUID, new: NewFulfillment, caller: Caller) -> Fulfillment:
    """Send units of an order.

    Raises:
        NotFound: The order does not exist.
        OrderNotPaid: It is neither paid nor is a payment of it authorized.
        InvalidTransition: It is closed.
        Invalid: It does not have one of the lines.
        QuantityExceedsRemaining: A line has fewer units that are to be sent.
        InsufficientStock: Backordered units have not arrived yet.
    """
    order = found(_number(order_id), order_id)
    if (order.status, order.payment_status) == ("open", "unpaid"):
        raise OrderNotPaid
    require(order, "ship")
    lines = units.read_lines(order)
    units.check(new.lines, lines)
    return _send(order, lines, new, caller.acts_as(order))


def send_unshippable(order_id: UUID) -> None:
    """Send the units of a paid order that need no shipping."""
    by_id = sa.select(Order).where(Order.id == order_id)
    order = session.scalars(refreshed(locked(by_id))).one()
    lines = units.read_lines(order)
    left = {line.id: units.left(line) for line in lines if not line.requires_shipping}
    to_send = {line_id: quantity for line_id, quantity in left.items() if quantity}
    if to_send and order.payment_status != "authorized" and may(order, "ship"):
        order.fulfillment_sequence += 1
        _send(order, lines, NewFulfillment(to_send), SYSTEM)


def deliver_fulfillment(fulfillment_id: UUID, caller: Caller) -> Fulfillment:
    """Record that a fulfilment has arrived.

    Raises:
        NotFound: It does not exist.
        InvalidTransition: It was not sent, or has arrived, or was canceled.
    """
    order, parcel = _lock(fulfillment_id)
    if parcel.status == "delivered":
        raise InvalidTransition("The fulfilment has arrived before.")
    move(parcel, FULFILLMENT, "delivered")
    parcel.delivered_at = utc_now()
    touch(order)
    announce(order, DELIVERED, caller.acts_as(order), facts_of(parcel))
    return parcel


def cancel_fulfillment(fulfillment_id: UUID, caller: Caller) -> Fulfillment:
    """Cancel a fulfilment that has not arrived: its units are still to be sent.

    Raises:
        NotFound: It does not exist.
        InvalidTransition: Its capture is pending, it has arrived, was canceled, or units of it were
            refunded.
    """
    order, parcel = _lock(fulfillment_id)
    if parcel.status == "pending":
        raise InvalidTransition("The capture of its payment is pending.")
    if parcel.status == "canceled":
        raise InvalidTransition("The fulfilment was canceled before.")
    require(order, "reopen")
    take_back(order, parcel, caller.acts_as(order))
    return parcel


def track_fulfillment(
    fulfillment_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]
) -> Fulfillment:
    """Change how a fulfilment is tracked.

    Args:
        fulfillment_id: Id of the fulfilment.
        changes: New values by name of the attribute.
        versions: The versions that the caller accepts.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
    """
    order, parcel = _lock(fulfillment_id)
    check_version(parcel, versions)
    for name, value in changes.items():
        setattr(parcel, name, value)
    # The order shows it.
    touch(order)
    session.flush()
    return parcel


def _number(order_id: UUID) -> Order | None:
    """Give a fulfilment its number: the UPDATE locks the order, and raises its version."""
    numbered = (
        sa.update(Order)
        .where(Order.id == order_id)
        .values(fulfillment_sequence=Order.fulfillment_sequence + 1, version=Order.version + 1)
        .returning(Order)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return session.scalar(numbered)


def _send(order: Order, lines: Sequence[Line], new: NewFulfillment, actor: Actor) -> Fulfillment:
    """Send units of a locked, numbered order, all of whose lines were read."""
    _take(order, new.lines, fulfilled=1)
    parcel = _make(order, new)
    ship(order, parcel, lines, actor)
    _write(parcel)
    return parcel


def _take(order: Order, wanted: Units, *, pending: int = 0, fulfilled: int = 0) -> None:
    """Take units that are to be sent: the UPDATE decides between concurrent fulfilments."""
    short = count(order, wanted, within=LEFT, pending=pending, fulfilled=fulfilled)
    if short:
        raise QuantityExceedsRemaining(short)


def _make(order: Order, new: NewFulfillment) -> Fulfillment:
    """Return a new fulfilment. The session does not have it: :func:`_write` inserts it."""
    now = utc_now()
    parcel = Fulfillment(
        id=new_id(),
        order_id=order.id,
        sequence=order.fulfillment_sequence,
        tracking_company=new.tracking_company,
        tracking_number=new.tracking_number,
        version=1,
        created_at=now,
        updated_at=now,
    )
    lines = [
        FulfillmentLine(fulfillment_id=parcel.id, line_id=line_id, quantity=quantity)
        for line_id, quantity in sorted(new.lines.items())
    ]
    set_committed_value(parcel, "lines", lines)
    return parcel


def _write(parcel: Fulfillment) -> None:
    """Insert a fulfilment with its lines at the end of the unit of work."""
    later(Fulfillment, [{name: getattr(parcel, name) for name in _WRITTEN}])
    later(
        FulfillmentLine,
        (
            {"fulfillment_id": parcel.id, "line_id": line.line_id, "quantity": line.quantity}
            for line in parcel.lines
        ),
    )


def _lock(fulfillment_id: UUID) -> tuple[Order, Fulfillment]:
    """Lock a fulfilment after its order, and read its lines.

    Raises:
        NotFound: It does not exist.
    """
    tables = Order, Fulfillment
    statement = (
        sa.select(*tables)
        .join(Fulfillment, Fulfillment.order_id == Order.id)
        .join(Fulfillment.lines)
        .options(contains_eager(Fulfillment.lines))
        .where(Fulfillment.id == fulfillment_id)
    )
    found_rows = session.execute(refreshed(locked(statement, of=tables))).unique()
    row = found_rows.one_or_none()
    if row is None:
        raise NotFound
    order, parcel = row
    return order, parcel
