"""Orders and purchases as values, for other features: one SELECT each."""

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.orders import OrderLine, Record, Totals
from mercato_kit.driver import Row
from mercato_kit.lists import any_of
from mercato_kit.reads import Read
from mercato_orders.models import Line, Order

_ORDER = (
    Order.id,
    Order.number,
    Order.status,
    Order.payment_status,
    Order.fulfillment_status,
    Order.placed_at,
    Order.customer_id,
    Order.customer_email,
    Order.locale,
)
_TOTALS = (
    Order.currency,
    Order.tax_included,
    Order.amount_subtotal,
    Order.amount_discount,
    Order.amount_shipping,
    Order.amount_tax,
    Order.amount_rounding,
    Order.amount_total,
)
_LINE = (
    Line.position,
    Line.product_id,
    Line.variant_id,
    Line.sku,
    Line.name,
    Line.quantity,
    Line.unit_amount,
    Line.amount_subtotal,
    Line.amount_discount,
    Line.amount_tax,
    Line.amount_total,
)
_LINES_AT = len(_ORDER) + len(_TOTALS)

# The names of columns of both tables are the same, and columns of a read have no two.
_COLUMNS = (
    column.label(f"value{place}") for place, column in enumerate((*_ORDER, *_TOTALS, *_LINE))
)
_RECORDS = Read(
    sa.select(*_COLUMNS)
    .join_from(Order, Line, Line.order_id == Order.id)
    .where(any_of(Order.id, "ids"))
    .order_by(Order.id, Line.position)
)

_BOUGHT = Read(
    sa.select(Line.product_id)
    .join_from(Order, Line, Line.order_id == Order.id)
    .where(
        Order.customer_id == sa.bindparam("customer"),
        any_of(Line.product_id, "product_ids"),
        Order.status.in_(("open", "completed")),
        Order.payment_status.in_(("paid", "partially_refunded")),
        Line.quantity > Line.quantity_canceled + Line.quantity_refunded,
    )
    .distinct()
)

_BY_REFERENCE = Read(
    sa.select(Order.id, Order.number, Order.amount_total, Order.customer_id).where(
        Order.source_reference == sa.bindparam("reference")
    )
)


def find_records(ids: Collection[UUID]) -> Mapping[UUID, Record]:
    """Return orders with their lines by id; unknown ids are left out."""
    rows = _RECORDS.rows(ids=ids)
    return {order_id: _record(list(of)) for order_id, of in groupby(rows, lambda row: row[0])}


def find_bought(customer: UUID, product_ids: Collection[UUID]) -> frozenset[UUID]:
    """Return which products a customer has bought: a unit is paid, not refunded, not canceled."""
    rows = _BOUGHT.rows(customer=customer, product_ids=product_ids)
    return frozenset(product_id for (product_id,) in rows)


def find_placed(reference: UUID) -> Row | None:
    """Return id, number, total and customer of the order that was placed from *reference*."""
    return next(iter(_BY_REFERENCE.rows(reference=reference)), None)


def _record(rows: list[Row]) -> Record:
    first = rows[0]
    totals = Totals(*first[len(_ORDER) : _LINES_AT])
    return Record(*(*first[: len(_ORDER)], totals, _lines(rows)))


def _lines(rows: Iterable[Row]) -> tuple[OrderLine, ...]:
    return tuple(OrderLine(*row[_LINES_AT:]) for row in rows)
