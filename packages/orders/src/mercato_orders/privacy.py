"""Export and erase the personal data of a customer."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from mercato_kit.db import locked, refreshed, session
from mercato_orders.models import (
    Fulfillment,
    Order,
    OrderEvent,
    Payment,
    PaymentEvent,
    Refund,
)
from mercato_orders.schemas import OrderSchema
from mercato_orders.timeline import FREE_TEXT, NOTE
from mercato_orders.values import StoredAddress


def export_subject(customer_id: UUID) -> dict[str, Any]:
    """Return a customer's orders, oldest first, in the format of the API, and the notes on them."""
    statement = sa.select(Order).where(Order.customer_id == customer_id).order_by(Order.id)
    parts = [
        *map(selectinload, (Order.lines, Order.adjustments, Order.payments)),
        selectinload(Order.refunds).selectinload(Refund.lines),
        selectinload(Order.fulfillments).selectinload(Fulfillment.lines),
    ]
    schema = OrderSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    return {
        "orders": schema.dump(session.scalars(statement.options(*parts)).all()),
        "notes": [_note(entry) for entry in session.scalars(_entries_of(customer_id, [NOTE]))],
    }


def erase_subject(customer_id: UUID) -> None:
    """Erase the personal data in a customer's orders.

    Amounts, numbers, lines and the countries of the addresses stay, for accounting.
    """
    statement = sa.select(Order).where(Order.customer_id == customer_id).order_by(Order.id)
    for order in session.scalars(refreshed(locked(statement))):
        order.customer_email = order.customer_email_key = None
        order.customer_name = None
        order.shipping_address = _country_of(order.shipping_address)
        order.billing_address = _country_of(order.billing_address)
        order.note = order.tax_id = order.locale = None
        order.cancel_reason = None
        order.metadata_ = {}
        order.search_words = []
    for entry in session.scalars(_entries_of(customer_id, FREE_TEXT)):
        entry.data = {}
    session.flush()
    _erase_parts(sa.select(Order.id).where(Order.customer_id == customer_id))


def _erase_parts(orders: sa.Select[UUID]) -> None:
    """Erase what parts of orders say of a person: tracking numbers, reasons, messages."""
    payments = sa.select(Payment.id).where(Payment.order_id.in_(orders))
    for statement in (
        sa.update(Fulfillment).where(Fulfillment.order_id.in_(orders)).values(tracking_number=None),
        sa.update(Refund).where(Refund.order_id.in_(orders)).values(reason=None),
        sa.update(PaymentEvent).where(PaymentEvent.payment_id.in_(payments)).values(body=None),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})


def _entries_of(customer_id: UUID, types: Collection[str]) -> sa.Select[OrderEvent]:
    entries = sa.select(OrderEvent).join(Order, OrderEvent.order_id == Order.id)
    found = entries.where(Order.customer_id == customer_id, OrderEvent.type.in_(types))
    return found.order_by(OrderEvent.id)


def _note(entry: OrderEvent) -> dict[str, str]:
    return {
        "order_id": str(entry.order_id),
        "text": entry.data.get("text", ""),
        "created_at": entry.created_at.isoformat(),
    }


def _country_of(address: StoredAddress | None) -> StoredAddress | None:
    return None if address is None else {"country": address["country"]}
