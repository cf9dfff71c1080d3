"""Export and erase the personal data of a customer."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from mercato_kit.db import locked, refreshed, session
from mercato_orders.models import Order
from mercato_orders.schemas import OrderSchema
from mercato_orders.values import StoredAddress


def export_subject(customer_id: UUID) -> dict[str, Any]:
    """Return all orders of a customer, oldest first, in the format of the API."""
    statement = sa.select(Order).where(Order.customer_id == customer_id).order_by(Order.id)
    parts = map(selectinload, (Order.lines, Order.adjustments, Order.payments))
    schema = OrderSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    return {"orders": schema.dump(session.scalars(statement.options(*parts)).all())}


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
    session.flush()


def _country_of(address: StoredAddress | None) -> StoredAddress | None:
    return None if address is None else {"country": address["country"]}
