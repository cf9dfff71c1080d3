"""Rows of fulfilments: made, written, locked and found."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from mercato_kit.db import locked, new_id, refreshed, session, utc_now
from mercato_kit.errors import NotFound
from mercato_kit.later import later
from mercato_orders.models import Capture, Fulfillment, FulfillmentLine, Order
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


def make_parcel(order: Order, new: NewFulfillment) -> Fulfillment:
    """Return a new fulfilment. The session does not have it: :func:`write_parcel` inserts it."""
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


def write_parcel(parcel: Fulfillment) -> None:
    """Insert a fulfilment with its lines at the end of the unit of work."""
    later(Fulfillment, [{name: getattr(parcel, name) for name in _WRITTEN}])
    later(
        FulfillmentLine,
        (
            {"fulfillment_id": parcel.id, "line_id": line.line_id, "quantity": line.quantity}
            for line in parcel.lines
        ),
    )


def lock_parcel(fulfillment_id: UUID) -> tuple[Order, Fulfillment]:
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


def find_captured(capture_id: UUID) -> tuple[Capture, Fulfillment]:
    """Return a capture, and the fulfilment that waits for it, with its lines."""
    statement = (
        sa.select(Capture, Fulfillment)
        .join(Fulfillment, Fulfillment.id == Capture.fulfillment_id)
        .join(Fulfillment.lines)
        .options(contains_eager(Fulfillment.lines))
        .where(Capture.id == capture_id)
    )
    capture, parcel = session.execute(refreshed(statement)).unique().one()
    return capture, parcel
