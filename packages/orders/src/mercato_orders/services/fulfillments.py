"""Send units of an order, capture their payment before, and follow what was sent."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from mercato_kit.db import check_version, locked, new_id, refreshed, session, touch, utc_now
from mercato_kit.errors import NotFound
from mercato_kit.events import Event
from mercato_kit.http import PageRequest
from mercato_kit.later import later
from mercato_kit.views import Shown
from mercato_orders.access import SYSTEM, Actor, Caller
from mercato_orders.errors import InvalidTransition, OrderNotPaid, QuantityExceedsRemaining
from mercato_orders.models import Fulfillment, FulfillmentLine, Line, Order
from mercato_orders.permissions import FULFILL, READ
from mercato_orders.services import units
from mercato_orders.services.queries import check_visible, found
from mercato_orders.services.shipments import (
    LEFT,
    Units,
    count,
    facts_of,
    ship,
    take_back,
    units_of,
)
from mercato_orders.states import FULFILLMENT, may, move, require
from mercato_orders.timeline import DELIVERED, announce
from mercato_orders.values import NewFulfillment
from mercato_orders.views import FULFILLMENTS


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


def send_unshippable(event: Event) -> None:
    """Send the units of a paid order that need no shipping."""
    by_id = sa.select(Order).where(Order.id == event.aggregate_id)
    order = session.scalars(refreshed(locked(by_id))).one()
    lines = units.read_lines(order)
    left = {line.id: units.left(line) for line in lines if not line.requires_shipping}
    to_send = {line_id: quantity for line_id, quantity in left.items() if quantity}
    if to_send and order.payment_status != "authorized" and may(order, "ship"):
        order.fulfillment_sequence += 1
        _send(order, lines, NewFulfillment(to_send), SYSTEM)


def deliver(fulfillment_id: UUID, caller: Caller) -> Fulfillment:
    """Record that a fulfilment has arrived.

    Raises:
        NotFound: It does not exist.
        InvalidTransition: It was not sent, or has arrived, or was canceled.
    """
    order, parcel = _lock(fulfillment_id)
    _turn(parcel, "delivered")
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
    require(order, "reopen")
    _check_step(parcel, "canceled")
    take_back(order, parcel, caller.acts_as(order))
    return parcel


def track(
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


def list_fulfillments(order_id: UUID, page: PageRequest, caller: Caller) -> Shown:
    """Return a page of an order's fulfilments.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
    """
    check_visible(order_id, caller, FULFILL)
    return FULFILLMENTS.page(page, order=order_id)
