"""What orders say of a person is erased."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import locked, refreshed, session
from mercato_kit.privacy import Erased, Retained
from mercato_kit.settings import current_settings
from mercato_orders.models import (
    Capture,
    Fulfillment,
    Order,
    OrderEvent,
    Payment,
    PaymentEvent,
    Refund,
)
from mercato_orders.services import holds
from mercato_orders.settings import OrdersSettings
from mercato_orders.timeline import FREE_TEXT
from mercato_orders.values import StoredAddress

ORDER = "orders.order"
"""The word of the referent by which subjects name orders."""


def erase_orders(which: sa.ColumnElement[bool]) -> Erased:
    """Erase what orders say of a person. Amounts, numbers, lines and countries stay.

    An open order keeps where it is sent to, and the access of a guest, until it is completed,
    canceled or expired. Name, addresses and tax id of a paid order are held for as long as the
    setting ``fiscal_hold_years`` says.
    """
    statement = sa.select(Order).where(which).order_by(Order.id)
    orders = session.scalars(refreshed(locked(statement))).all()
    ended = [order for order in orders if order.status != "open"]
    holds.hold(ended)
    for order in orders:
        _erase_rest(order)
    for order in ended:
        _erase_delivery(order)
    session.flush()
    ids = [order.id for order in orders]
    _erase_parts(ids)
    _erase_parts_of_ended([order.id for order in ended])
    is_open = len(orders) - len(ended)
    waiting = [Retained("open_order", None, is_open)] if is_open else []
    return Erased(ids, {"orders": len(orders)}, [*waiting, *holds.retained(ids)])


def _erase_rest(order: Order) -> None:
    """Erase what the delivery of an order does not need."""
    order.customer_email = order.note = order.locale = order.cancel_reason = None
    order.metadata_ = {}
    order.search_words = []
    if not current_settings(OrdersSettings).fiscal_hold_years:
        _erase_identity(order)


def _erase_delivery(order: Order) -> None:
    """Erase what the delivery of an order needed."""
    _erase_identity(order)
    order.shipping_address = _country_of(order.shipping_address)
    # Until now, orders of a guest were found by it when the erasure ran again.
    order.customer_email_key = None
    order.guest_token_hash = None


def _erase_identity(order: Order) -> None:
    """Erase what an open order keeps only if it will be held."""
    order.customer_name = order.tax_id = None
    order.billing_address = _country_of(order.billing_address)


def _erase_parts(order_ids: Sequence[UUID]) -> None:
    """Erase what parts of orders say of a person: texts of people, messages of providers."""
    payments = sa.select(Payment.id).where(Payment.order_id.in_(order_ids))
    of_payments = (Capture.payment_id.in_(payments), Refund.payment_id.in_(payments))
    texts = OrderEvent.order_id.in_(order_ids), OrderEvent.type.in_(FREE_TEXT)
    _write(OrderEvent, *texts, data={})
    _write(Refund, of_payments[1], reason=None, last_error=None)
    _write(Capture, of_payments[0], last_error=None)
    _write(Payment, Payment.order_id.in_(order_ids), last_error=None)
    # An event that is not settled yet is fetched from its provider again.
    of_events = PaymentEvent.payment_id.in_(payments)
    _write(PaymentEvent, of_events, body=None, snapshot=None, last_error=None)


def _erase_parts_of_ended(order_ids: Sequence[UUID]) -> None:
    """Erase where parcels are, and what the customer had to do to pay."""
    of_orders = Fulfillment.order_id.in_(order_ids)
    _write(Fulfillment, of_orders, tracking_number=None, metadata_={})
    _write(Payment, Payment.order_id.in_(order_ids), next_action=None)


def _write(model: Any, *which: sa.ColumnElement[bool], **values: Any) -> None:
    update = sa.update(model).where(*which).values(values)
    session.execute(update, execution_options={"synchronize_session": False})


def _country_of(address: StoredAddress | None) -> StoredAddress | None:
    return None if address is None else {"country": address["country"]}
