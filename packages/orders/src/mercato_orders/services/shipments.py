"""Units of an order are taken for a fulfilment, leave stock, and come back."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_contracts import stock
from mercato_contracts.stock import ReservationGone, Stock
from mercato_kit.db import locked, refreshed, session, touch, utc_now
from mercato_kit.services import get
from mercato_orders import facts
from mercato_orders.access import Actor
from mercato_orders.errors import InsufficientStock, InvalidTransition
from mercato_orders.models import Fulfillment, FulfillmentLine, Line, Order
from mercato_orders.services.completion import complete_if_done
from mercato_orders.services.units import read_lines
from mercato_orders.states import FULFILLMENT, fulfillment_status, move
from mercato_orders.timeline import REOPENED, SHIPPED, announce, announce_all

Units = Mapping[UUID, int]
"""Units by id of the line."""


def count(
    order: Order,
    units: Units,
    *,
    within: sa.SQLColumnExpression[int],
    pending: int = 0,
    fulfilled: int = 0,
) -> set[UUID]:
    """Count units of a locked order as pending or fulfilled, each line only if it has as many.

    Args:
        order: The order.
        units: The units. Lines that were read before have the new quantities.
        within: How many units a line has at most.
        pending: 1 to count them as pending, -1 to count them so no longer.
        fulfilled: The same for fulfilled units.

    Returns:
        Lines that have fewer units; if there are any, nothing may be committed.
    """
    each = sa.case(dict(units), value=Line.id)
    counted = session.scalars(
        sa.update(Line)
        .where(Line.order_id == order.id, Line.id.in_(units), each <= within)
        .values(
            quantity_pending=Line.quantity_pending + pending * each,
            quantity_fulfilled=Line.quantity_fulfilled + fulfilled * each,
        )
        .returning(Line)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return units.keys() - {line.id for line in counted}


def ship(order: Order, parcel: Fulfillment, lines: Sequence[Line], actor: Actor) -> None:
    """Take the units of a fulfilment, which are counted, out of stock.

    The order is locked, and its version has been raised.

    Raises:
        InsufficientStock: Backordered units have not arrived yet; none left stock.
        InvalidTransition: The units are no longer reserved.
    """
    try:
        get(Stock).ship(order.id, parcel.sequence, _by_variant(parcel, lines))
    except stock.InsufficientStock as short:
        raise InsufficientStock(short.shortages) from short
    except ReservationGone as gone:
        raise InvalidTransition("The units of the order are no longer reserved.") from gone
    move(parcel, FULFILLMENT, "shipped")
    parcel.shipped_at = utc_now()
    closed = complete_if_done(order, lines)
    announce_all(order, actor, {SHIPPED: facts_of(parcel), **closed})


def settle_pending(order: Order, fulfillment_id: UUID, *, captured: bool, actor: Actor) -> None:
    """Send a fulfilment whose capture has succeeded, or give its units back.

    Units that stock does not give out are given back, too: what was captured counts in any case.

    Args:
        order: The order. It is locked, and its version has been raised.
        fulfillment_id: Id of the fulfilment; its capture was pending until now.
        captured: Whether its capture has succeeded.
        actor: Who is named in the timeline.
    """
    parcel, lines = _lock_parcel(fulfillment_id)
    units = units_of(parcel)
    if captured:
        count(order, units, within=Line.quantity_pending, pending=-1, fulfilled=1)
        try:
            ship(order, parcel, lines, actor)
        except (InsufficientStock, InvalidTransition):
            count(order, units, within=Line.quantity_fulfilled, pending=1, fulfilled=-1)
    if parcel.status == "pending":
        count(order, units, within=Line.quantity_pending, pending=-1)
        move(parcel, FULFILLMENT, "canceled")
        parcel.canceled_at = utc_now()
    session.flush()


def take_back(order: Order, parcel: Fulfillment, actor: Actor) -> None:
    """Reserve the units of a fulfilment again: they are still to be sent.

    Raises:
        InvalidTransition: It was not sent, or has arrived, or some of the units were refunded.
    """
    move(parcel, FULFILLMENT, "canceled")
    lines = read_lines(order)
    if count(order, units_of(parcel), within=Line.quantity_kept, fulfilled=-1):
        raise InvalidTransition("Units of the fulfilment were refunded.")
    try:
        get(Stock).unship(order.id, parcel.sequence, _by_variant(parcel, lines))
    except ReservationGone as gone:
        raise InvalidTransition("The units of the fulfilment came back before.") from gone
    parcel.canceled_at = utc_now()
    order.status = "open"
    order.completed_at = None
    order.fulfillment_status = fulfillment_status(lines)
    touch(order)
    announce(order, REOPENED, actor, facts_of(parcel))


def units_of(parcel: Fulfillment) -> Units:
    """Return the units of a fulfilment whose lines were read."""
    return {line.line_id: line.quantity for line in parcel.lines}


def facts_of(parcel: Fulfillment) -> facts.Facts:
    """Return what events say of a fulfilment whose lines were read."""
    return facts.of_parcel(parcel.id, parcel.sequence, units_of(parcel))


def _by_variant(parcel: Fulfillment, lines: Sequence[Line]) -> Units:
    units = units_of(parcel)
    return {line.variant_id: units[line.id] for line in lines if line.id in units}


def _lock_parcel(fulfillment_id: UUID) -> tuple[Fulfillment, list[Line]]:
    """Lock a fulfilment, and read its units and all lines of its order."""
    its_own = sa.and_(
        FulfillmentLine.fulfillment_id == Fulfillment.id, FulfillmentLine.line_id == Line.id
    )
    statement = (
        sa.select(Fulfillment, Line, FulfillmentLine)
        .join(Line, Line.order_id == Fulfillment.order_id)
        .outerjoin(FulfillmentLine, its_own)
        .where(Fulfillment.id == fulfillment_id)
        .order_by(Line.id)
    )
    rows = session.execute(refreshed(locked(statement, of=(Fulfillment,)))).all()
    parcel = rows[0][0]
    parts: list[FulfillmentLine | None] = [part for *_, part in rows]
    set_committed_value(parcel, "lines", [part for part in parts if part is not None])
    return parcel, [line for _, line, _ in rows]
