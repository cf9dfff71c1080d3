"""Units of lines that a refund or a cancellation takes, claimed by one guarded UPDATE."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_contracts.stock import Stock
from mercato_kit.db import refreshed, session
from mercato_kit.errors import FieldError, Invalid
from mercato_kit.services import get
from mercato_orders.errors import QuantityExceedsRemaining
from mercato_orders.models import Line, Order
from mercato_orders.shares import Share, back, front


@dataclass(frozen=True, slots=True)
class Taken:
    """Units of one line.

    Args:
        line: The line; after :func:`take`, with these units counted.
        shipped: Units that were sent and not refunded before.
        canceled: Units that are not sent.
    """

    line: Line
    shipped: int
    canceled: int

    @property
    def share(self) -> Share:
        """What the units cost."""
        return sum((share for *_, share in self.parts()), Share())

    def parts(self, kind: str = "kept") -> Iterator[tuple[str, int, Share]]:
        """Return the units that were sent, as *kind*, and the canceled ones, each with its share.

        They are counted.
        """
        line = self.line
        if self.shipped:
            before = line.quantity_refunded - self.shipped
            yield kind, self.shipped, front(line, before, self.shipped)
        if self.canceled:
            before = line.quantity_canceled - self.canceled
            yield "canceled", self.canceled, back(line, before, self.canceled)


def read_lines(order: Order) -> list[Line]:
    """Return the lines of a locked order. Nothing else changes them until it is unlocked."""
    of = sa.select(Line).where(Line.order_id == order.id).order_by(Line.id)
    return list(session.scalars(refreshed(of)))


def check(wanted: Collection[UUID], lines: Iterable[Line]) -> None:
    """Check that an order has all *wanted* lines.

    Raises:
        Invalid: It does not have one.
    """
    known = {line.id for line in lines}
    errors = [
        FieldError(f"/lines/{place}/line_id", "unknown", "The order has no such line.")
        for place, line_id in enumerate(wanted)
        if line_id not in known
    ]
    if errors:
        raise Invalid(errors=errors)


def shipped_first(lines: Iterable[Line], wanted: Mapping[UUID, int]) -> list[Taken]:
    """Choose units to refund: those that were sent, then those that were not."""
    return [
        Taken(line, shipped, wanted[line.id] - shipped)
        for line in lines
        if line.id in wanted
        for shipped in (min(wanted[line.id], line.quantity_kept),)
    ]


def unshipped(lines: Iterable[Line], wanted: Mapping[UUID, int]) -> list[Taken]:
    """Choose units to cancel."""
    return [Taken(line, 0, wanted[line.id]) for line in lines if line.id in wanted]


def take(order: Order, chosen: Sequence[Taken], *, returned: bool = False) -> None:
    """Count units as refunded or canceled, all or none.

    Args:
        order: The order, locked.
        chosen: The units.
        returned: Whether the shipped ones come back.

    Raises:
        QuantityExceedsRemaining: A line has fewer units left; nothing may be committed.
    """
    shipped = _of_each(chosen, "shipped")
    canceled = _of_each(chosen, "canceled")
    counted = session.scalars(
        sa.update(Line)
        .where(
            Line.order_id == order.id,
            Line.id.in_([each.line.id for each in chosen]),
            shipped <= Line.quantity_kept,
            canceled <= Line.quantity_unsent,
        )
        .values(
            {
                "quantity_refunded": Line.quantity_refunded + shipped,
                "quantity_returned": Line.quantity_returned + (shipped if returned else 0),
                "quantity_canceled": Line.quantity_canceled + canceled,
            }
        )
        .returning(Line)
        .execution_options(populate_existing=True, synchronize_session=False)
    ).all()
    if missing := {each.line.id for each in chosen} - {line.id for line in counted}:
        raise QuantityExceedsRemaining(missing)


def release(order: Order, sequence: int, chosen: Iterable[Taken]) -> None:
    """Give canceled units back to stock."""
    units = {each.line.variant_id: each.canceled for each in chosen if each.canceled}
    if units:
        get(Stock).release(order.id, units, sequence)


def restock(order: Order, sequence: int, chosen: Iterable[Taken]) -> None:
    """Put returned units into stock."""
    units = {each.line.variant_id: each.shipped for each in chosen if each.shipped}
    if units:
        get(Stock).restock(order.id, sequence, units)


def _of_each(chosen: Iterable[Taken], kind: str) -> sa.ColumnElement[int]:
    units = {each.line.id: getattr(each, kind) for each in chosen}
    line_id: InstrumentedAttribute[UUID] = Line.id
    return sa.case(units, value=line_id, else_=0)
