"""Begin the refund that staff ask for: choose what goes back, claim it and move the goods."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import new_id, session
from mercato_kit.errors import invalid
from mercato_kit.later import later
from mercato_orders.access import Caller
from mercato_orders.errors import InvalidTransition, RefundExceedsCaptured
from mercato_orders.models import Order, RefundLine
from mercato_orders.permissions import READ, REFUND, WRITE
from mercato_orders.services import units
from mercato_orders.services.completion import lines_changed
from mercato_orders.services.queries import found_order
from mercato_orders.services.refunds.claims import claim_refund
from mercato_orders.services.refunds.rests import Rest, rest_of
from mercato_orders.services.units import Taken
from mercato_orders.shares import Share, of_amount
from mercato_orders.values import NewRefund

TAKES_UNITS = ("open", "completed")
"""Statuses of an order whose units can be refunded. Those of a closed one are all canceled."""


def start_refund(order_id: UUID, new: NewRefund, caller: Caller) -> UUID:
    """Claim what is to be refunded, and write the refund; return its id.

    Units that come back are put into stock, and those that were not sent are canceled, whatever
    becomes of the money.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
        InvalidTransition: Units of a closed order are to be refunded.
        QuantityExceedsRemaining: A line has fewer units that are not refunded or canceled.
        RefundExceedsCaptured: Less is captured and not refunded.
    """
    order = _number(order_id, new, caller)
    rest = rest_of(order)
    if rest.payment is None:
        raise RefundExceedsCaptured(0)
    taken = _take(order, new) if new.lines else []
    share = _share(rest, new, taken)
    if share.amount < 1:
        raise RefundExceedsCaptured(0)
    refund_id = claim_refund(
        rest.payment,
        share,
        source="request",
        reason=new.reason,
        sequence=order.refund_sequence,
        amount_shipping=_of_shipping(rest, new).amount,
    )
    write_lines(refund_id, taken, returned=new.restock)
    _move_goods(order, new, taken, caller)
    return refund_id


def write_lines(refund_id: UUID, taken: Sequence[Taken], *, returned: bool = False) -> None:
    """Write what of each line a refund gives the money back for."""
    kind = "returned" if returned else "kept"
    later(RefundLine, [row for each in taken for row in _rows(refund_id, each, kind)])


def _number(order_id: UUID, new: NewRefund, caller: Caller) -> Order:
    """Lock an order by giving the refund its number."""
    values = {"refund_sequence": Order.refund_sequence + 1, "version": Order.version + 1}
    if new.lines:
        values["cancel_sequence"] = Order.cancel_sequence + 1
    numbered = (
        sa.update(Order)
        .where(Order.id == order_id, caller.sees(READ, WRITE, REFUND))
        .values(values)
        .returning(Order)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return found_order(session.scalar(numbered), order_id)


def _take(order: Order, new: NewRefund) -> list[Taken]:
    if order.status not in TAKES_UNITS:
        raise InvalidTransition
    lines = units.read_lines(order)
    check_lines(new.lines, {line.id for line in lines})
    taken = units.shipped_first(lines, new.lines)
    units.take(order, taken, returned=new.restock)
    return taken


def _share(rest: Rest, new: NewRefund, taken: Sequence[Taken]) -> Share:
    """Return what is refunded."""
    if new.amount is not None:
        return rest.part(of_amount(new.amount, rest.due))
    if not new.lines and new.amount_shipping is None:
        return rest.all
    shares = (share for each in taken for share in each.shares)
    return rest.part(sum(shares, _of_shipping(rest, new)))


def _of_shipping(rest: Rest, new: NewRefund) -> Share:
    wanted = new.amount_shipping or 0
    if wanted > rest.shipping:
        raise RefundExceedsCaptured(rest.shipping)
    return rest.of_shipping(wanted)
