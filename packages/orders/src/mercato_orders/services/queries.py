"""Find orders that the caller may see."""

from collections.abc import Mapping
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.base import ExecutableOption

from mercato_kit.db import locked, refreshed, session
from mercato_kit.errors import NotFound
from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_orders.access import Caller
from mercato_orders.models import Order
from mercato_orders.permissions import READ, WRITE
from mercato_orders.search import filters_of
from mercato_orders.views import EVENTS, FULFILLMENTS, ORDER, ORDERS, PAYMENTS, REFUNDS, SEEN

T = TypeVar("T")


def list_orders(filters: Mapping[str, Any], page: PageRequest, caller: Caller) -> Shown:
    """Return a page of the caller's orders, or of all orders with the permission ``orders.read``.

    Args:
        filters: Values and bounds by name, see :data:`mercato_orders.views.ORDERS`; ``q`` is a
            search, see :func:`mercato_orders.search.filters_of`.
        page: The page requested.
        caller: The caller.
    """
    own = {} if caller.principal.may(READ) else {"customer": caller.principal.sub}
    searched = filters_of(filters["q"]) if "q" in filters else {}
    others = {name: value for name, value in filters.items() if name != "q"}
    return ORDERS.page(page, **own, **others, **searched)


def find_order(order_id: UUID, caller: Caller) -> Shown:
    """Return an order with its lines and payments.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    own = {} if caller.principal.may(READ) else {"owner": caller.owner()}
    return found(ORDER.find(id=order_id, **own), order_id)


def show_order(order_id: UUID) -> Shown:
    """Return an order that the caller has changed."""
    return ORDER.one(id=order_id)


def lock_order(order_id: UUID, caller: Caller, *parts: ExecutableOption) -> Order:
    """Lock an order and return it; *parts* say what else of it is read.

    Holders of ``orders.read`` or ``orders.write`` find every order. The caller of this function
    checks whether they may change it.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    statement = sa.select(Order).where(Order.id == order_id, caller.sees(READ, WRITE))
    order = session.scalar(refreshed(locked(statement.options(*parts))))
    return found(order, order_id)


def list_events(order_id: UUID, page: PageRequest, caller: Caller) -> Shown:
    """Return a page of an order's timeline; without ``orders.read``, of its public entries.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
    """
    check_visible(order_id, caller)
    return EVENTS.page(page, order=order_id, public=not caller.principal.may(READ))


def list_payments(order_id: UUID, page: PageRequest, caller: Caller) -> Shown:
    """Return a page of an order's payments.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
    """
    check_visible(order_id, caller)
    return PAYMENTS.page(page, order=order_id)


def find_payment(order_id: UUID, payment_id: UUID, caller: Caller) -> Shown:
    """Return one payment of an order.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    check_visible(order_id, caller)
    return PAYMENTS.one(order=order_id, id=payment_id)


def list_refunds(order_id: UUID, page: PageRequest, caller: Caller) -> Shown:
    """Return a page of an order's refunds.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
    """
    check_visible(order_id, caller)
    return REFUNDS.page(page, order=order_id)


def find_refund(order_id: UUID, refund_id: UUID, caller: Caller) -> Shown:
    """Return one refund of an order.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    check_visible(order_id, caller)
    return REFUNDS.one(order=order_id, id=refund_id)


def list_fulfillments(order_id: UUID, page: PageRequest, caller: Caller) -> Shown:
    """Return a page of an order's fulfilments.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
    """
    check_visible(order_id, caller)
    return FULFILLMENTS.page(page, order=order_id)


def find_fulfillment(fulfillment_id: UUID, caller: Caller) -> Shown:
    """Return a fulfilment.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    own = {} if caller.principal.may(READ) else {"owner": caller.owner()}
    shown = FULFILLMENTS.find(id=fulfillment_id, **own)
    if shown is None:
        exists = FULFILLMENTS.find(id=fulfillment_id)
        raise NotFound(facts={"fulfillment_id": fulfillment_id} if exists else None)
    return shown


def check_visible(order_id: UUID, caller: Caller, permission: str = READ) -> None:
    """Check that an order exists, and that the caller owns it or has *permission*.

    Raises:
        NotFound: It does not, or the caller may not.
    """
    seen = SEEN.rows(id=order_id, all=caller.principal.may(permission), **caller.owner())
    found(seen or None, order_id)


def found(row: T | None, order_id: UUID) -> T:
    """Return *row*; the security log names an order that exists and that the caller may not see.

    Raises:
        NotFound: It is None.
    """
    if row is None:
        exists = SEEN.rows(id=order_id, all=True)
        raise NotFound(facts={"order_id": order_id} if exists else None)
    return row
