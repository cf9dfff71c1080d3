"""Send units of an order; if its payment is authorized, it is captured before."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import locked, refreshed, session
from mercato_kit.settings import current_settings
from mercato_orders.access import SYSTEM, Actor, Caller
from mercato_orders.errors import (
    NotArrived,
    OrderNotPaid,
    PaymentDeclined,
    QuantityExceedsRemaining,
)
from mercato_orders.models import Fulfillment, Line, Order, Payment
from mercato_orders.services import units
from mercato_orders.services.fulfillments.parcels import find_captured, make_parcel, write_parcel
from mercato_orders.services.payments.captures import (
    Answer,
    finish_capture,
    start_capture,
    try_capture,
)
from mercato_orders.services.providers import capabilities_of
from mercato_orders.services.queries import found
from mercato_orders.services.shipments import Units, count, ship
from mercato_orders.settings import OrdersSettings
from mercato_orders.shares import cumulated
from mercato_orders.states import FULFILLMENT, due, may, move, require
from mercato_orders.values import NewFulfillment


@dataclass(frozen=True, slots=True)
class FulfillmentRequest:
    """Send units of an order; its methods are the parts of a remote command.

    If the payment of the order is authorized, what the units cost is captured before.

    Args:
        order_id: The order.
        new: What is sent.
        caller: Who sends it.
    """

    order_id: UUID
    new: NewFulfillment
    caller: Caller

    def begin(self) -> UUID | Fulfillment:
        """Take the units, and send them if nothing is to be captured.

        Returns:
            The fulfilment; the id of the capture that it waits for, if there is one.

        Raises:
            NotFound: The order does not exist.
            OrderNotPaid: It is neither paid nor authorized, or staff have to capture it before.
            InvalidTransition: It is closed, a capture or a void of its payment is pending, or the
                provider of its payment is no longer enabled.
            Invalid: It does not have one of the lines.
            QuantityExceedsRemaining: A line has fewer units that are to be sent.
            InsufficientStock: Backordered units have not arrived yet.
        """
        order = found(_number(self.order_id), self.order_id)
        _check_paid(order)
        lines = units.read_lines(order)
        units.check(self.new.lines, lines)
        if order.payment_status == "authorized":
            payment = _payment_of(order)
            amount = _to_capture(order, payment, lines, self.new.lines)
            if amount:
                return self._capture(order, payment, amount)
        return _send(order, lines, self.new, self.caller.acts_as(order))

    def _capture(self, order: Order, payment: Payment, amount: int) -> UUID:
        """Take the units until their payment is captured; return the id of the capture."""
        _take(order, self.new.lines, pending=1)
        parcel = make_parcel(order, self.new)
        move(parcel, FULFILLMENT, "pending")
        write_parcel(parcel)
        is_last = amount == due(order) - payment.amount_captured
        return start_capture(order, payment, amount, final=is_last, fulfillment_id=parcel.id)

    def call(self, capture_id: UUID, resumed: bool) -> Answer | None:  # noqa: FBT001
        """Capture the payment, with the same key again; None if the answer is not known."""
        return try_capture(capture_id)

    def finish(self, capture_id: UUID, answer: Answer | None) -> Fulfillment:
        """Send the units, or give them back, and return the fulfilment as it is then.

        Raises:
            PaymentDeclined: The provider refused; the work is committed.
            NotArrived: Backordered units have not arrived yet; likewise.
        """
        finish_capture(capture_id, answer, caller=self.caller)
        capture, parcel = find_captured(capture_id)
        if capture.status == "failed":
            raise PaymentDeclined(capture.payment_id, capture.error_code)
        if parcel.status == "canceled":
            raise NotArrived
        return parcel


def send_unshippable(order_id: UUID) -> None:
    """Send the units of a paid order that need no shipping."""
    by_id = sa.select(Order).where(Order.id == order_id)
    order = session.scalars(refreshed(locked(by_id))).one()
    lines = units.read_lines(order)
    left = {line.id: line.quantity_unsent for line in lines if not line.requires_shipping}
    to_send = {line_id: quantity for line_id, quantity in left.items() if quantity}
    if to_send and order.payment_status != "authorized" and may(order, "ship"):
        order.fulfillment_sequence += 1
        _send(order, lines, NewFulfillment(to_send), SYSTEM)


def _check_paid(order: Order) -> None:
    """Check that units of a locked order can be sent.

    Raises:
        OrderNotPaid: It is neither paid nor authorized, or staff have to capture it before.
        InvalidTransition: It is closed.
    """
    at = current_settings(OrdersSettings).capture_at
    if order.status == "open" and order.payment_status == "unpaid":
        raise OrderNotPaid
    if order.payment_status == "authorized" and at == "request":
        raise OrderNotPaid("Its payment is to be captured before.")
    require(order, "ship")


def _payment_of(order: Order) -> Payment:
    """Lock the authorized payment of a locked order, and return it."""
    authorized = sa.select(Payment).where(
        Payment.order_id == order.id, Payment.status == "authorized"
    )
    return session.scalars(refreshed(locked(authorized))).one()


def _to_capture(order: Order, payment: Payment, lines: Sequence[Line], wanted: Units) -> int:
    """Return what is to be captured before units are sent, in minor units.

    It is the price of all units that were sent, with these and with shipping, less what was
    captured: units of a canceled fulfilment are not captured twice. A provider that captures once
    captures all that is due.
    """
    left = due(order) - payment.amount_captured
    if not capabilities_of(payment.provider).multiple_captures:
        return left
    price = order.amount_total
    for line in lines:
        sent = line.quantity_fulfilled + line.quantity_pending + wanted.get(line.id, 0)
        price += cumulated(line.amount_total, line.quantity, sent) - line.amount_total
    return min(max(price - payment.amount_captured, 0), left)


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
    parcel = make_parcel(order, new)
    ship(order, parcel, lines, actor)
    write_parcel(parcel)
    return parcel


def _take(order: Order, wanted: Units, *, pending: int = 0, fulfilled: int = 0) -> None:
    """Take units that are to be sent: the UPDATE decides between concurrent fulfilments."""
    short = count(order, wanted, within=Line.quantity_unsent, pending=pending, fulfilled=fulfilled)
    if short:
        raise QuantityExceedsRemaining(short)
