"""Find orders that the caller may see."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from mercato_kit.db import found, locked, refreshed, session
from mercato_kit.errors import NotFound
from mercato_kit.http import Page, PageRequest, conditions, paginate
from mercato_orders.access import Caller
from mercato_orders.models import Order, OrderEvent, Payment
from mercato_orders.permissions import READ, WRITE

T = TypeVar("T")

_SORTABLE = {
    "created_at": Order.created_at,
    "number": Order.number,
    "amount_total": Order.amount_total,
}
_WITH_PARTS = (selectinload(Order.lines), selectinload(Order.payments))
_WITH_ORDER = joinedload(Payment.order, innerjoin=True)


def list_orders(filters: Mapping[str, Any], page: PageRequest, caller: Caller) -> Page[Order]:
    """Return a page of the caller's orders, or of all orders with the permission ``orders.read``.

    Args:
        filters: Values and bounds by column name, as in :func:`mercato_kit.http.conditions`.
        page: The page requested.
        caller: The caller.
    """
    wanted = conditions(filters, vars(Order))
    statement = sa.select(Order).where(caller.sees(READ), *wanted)
    return paginate(statement, page, columns=_SORTABLE, id=Order.id)


def find_order(order_id: UUID, caller: Caller) -> Order:
    """Return an order with its lines and payments.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    statement = sa.select(Order).where(Order.id == order_id, caller.sees(READ))
    return _found(session.scalar(statement.options(*_WITH_PARTS)), order_id)


def lock_order(order_id: UUID, caller: Caller) -> Order:
    """Lock an order and return it with its current lines and payments.

    Holders of ``orders.read`` or ``orders.write`` find every order. The caller of this function
    checks whether they may change it.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    statement = sa.select(Order).where(Order.id == order_id, caller.sees(READ, WRITE))
    order = session.scalar(refreshed(locked(statement.options(*_WITH_PARTS))))
    return _found(order, order_id)


def list_events(order_id: UUID, page: PageRequest, caller: Caller) -> Page[OrderEvent]:
    """Return a page of an order's timeline; without ``orders.read``, of its public entries.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
    """
    _check_visible(order_id, caller)
    statement = sa.select(OrderEvent).where(OrderEvent.order_id == order_id)
    if not caller.principal.may(READ):
        statement = statement.where(OrderEvent.is_public)
    return paginate(
        statement, page, columns={"created_at": OrderEvent.created_at}, id=OrderEvent.id
    )


def list_payments(order_id: UUID, page: PageRequest, caller: Caller) -> Page[Payment]:
    """Return a page of an order's payments.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
    """
    _check_visible(order_id, caller)
    statement = sa.select(Payment).where(Payment.order_id == order_id).options(_WITH_ORDER)
    return paginate(statement, page, columns={"created_at": Payment.created_at}, id=Payment.id)


def find_payment(order_id: UUID, payment_id: UUID, caller: Caller) -> Payment:
    """Return one payment of an order.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    _check_visible(order_id, caller)
    statement = sa.select(Payment).where(Payment.id == payment_id, Payment.order_id == order_id)
    return found(session.scalar(statement.options(_WITH_ORDER)))


def _check_visible(order_id: UUID, caller: Caller) -> None:
    statement = sa.select(Order.id).where(Order.id == order_id, caller.sees(READ))
    _found(session.scalar(statement), order_id)


def _found(row: T | None, order_id: UUID) -> T:
    """Return *row*; the security log names an order that exists and that the caller may not see."""
    if row is None:
        exists = session.scalar(sa.select(Order.id).where(Order.id == order_id))
        raise NotFound(facts={"order_id": order_id} if exists else None)
    return row
