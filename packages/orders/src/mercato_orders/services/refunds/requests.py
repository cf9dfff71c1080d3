"""Begin the refund that staff ask for: choose what goes back, claim it and move the goods."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import RefundSnapshot
from mercato_kit.db import session
from mercato_orders import facts
from mercato_orders.access import Actor, Caller
from mercato_orders.errors import InvalidTransition, RefundExceedsCaptured
from mercato_orders.models import Line, Order, Refund
from mercato_orders.permissions import READ, REFUND, WRITE
from mercato_orders.services import units
from mercato_orders.services.completion import complete_if_done
from mercato_orders.services.queries import found
from mercato_orders.services.refunds.calls import try_refund
from mercato_orders.services.refunds.claims import Claimed, check_part, write_lines, write_refund
from mercato_orders.services.refunds.rests import Rest, claim_rest
from mercato_orders.services.refunds.settlement import settle_refund
from mercato_orders.services.units import Taken
from mercato_orders.shares import Share, of_amount
from mercato_orders.timeline import LINES_CANCELED, announce_all
from mercato_orders.values import NewRefund

TAKES_UNITS = ("open", "completed")
"""Statuses of an order whose units can be refunded. Those of a closed one are canceled."""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Refund an order for staff; its methods are the parts of a remote command.

    Args:
        order_id: The order.
        new: What is refunded.
        caller: Who refunds it.
    """

    order_id: UUID
    new: NewRefund
    caller: Caller

    def begin(self) -> UUID | Refund:
        """Claim the amount; see :func:`start_refund`.

        Returns:
            The id of the refund; the refund if its provider is local, and has made it.
        """
        refund = start_refund(self.order_id, self.new, self.caller)
        return self.finish(refund.id, try_refund(refund.id)) if refund.is_local else refund.id

    def call(self, refund_id: UUID, resumed: bool) -> RefundSnapshot | None:  # noqa: FBT001
        """Refund it at the provider, with the same key again; None if the answer is not known."""
        return try_refund(refund_id)

    def finish(self, refund_id: UUID, answer: RefundSnapshot | None) -> Refund:
        """Record the answer, and return the refund as it is then."""
        return settle_refund(refund_id, answer, self.caller)


def start_refund(order_id: UUID, new: NewRefund, caller: Caller) -> Claimed:
    """Claim what is to be refunded, and write the refund.

    Units that come back are put into stock, and those that were not sent are canceled, whatever
    becomes of the money.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
        InvalidTransition: Units of a closed order are to be refunded.
        QuantityExceedsRemaining: A line has fewer units that are not refunded or canceled.
        RefundExceedsCaptured: Less is captured and not refunded.
    """
    order = _number(order_id, new, caller)
    lines = units.read_lines(order) if new.lines else []
    taken = _take(order, new, lines)
    payment, rest = claim_rest(order, _wanted(new, taken))
    share, shipping = _chosen(rest, new, taken)
    check_part(payment, share.amount, "/lines" if new.lines else "/amount")
    refund = write_refund(
        payment,
        share,
        source="staff",
        reason=new.reason,
        sequence=order.refund_sequence,
        amount_shipping=shipping,
    )
    write_lines(refund.id, taken, returned=new.restock)
    _move_goods(order, new, lines, taken, caller.acts_as(order))
    return refund


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
    return found(session.scalar(numbered), order_id)


def _take(order: Order, new: NewRefund, lines: Sequence[Line]) -> list[Taken]:
    if not new.lines:
        return []
    if order.status not in TAKES_UNITS:
        raise InvalidTransition("The units of a closed order are canceled: refund an amount.")
    units.check(new.lines, lines)
    taken = units.shipped_first(lines, new.lines)
    if order.payment_status == "authorized" and any(each.canceled for each in taken):
        raise InvalidTransition("Units that are not paid yet are canceled, not refunded.")
    units.take(order, taken, returned=new.restock)
    return taken


def _wanted(new: NewRefund, taken: Sequence[Taken]) -> int | None:
    """Return the amount to refund; None for all that is left."""
    if new.amount is not None:
        return new.amount
    if not new.lines and new.amount_shipping is None:
        return None
    amount = sum(each.share.amount for each in taken) + (new.amount_shipping or 0)
    if not amount:
        raise RefundExceedsCaptured(0)
    return amount


def _chosen(rest: Rest, new: NewRefund, taken: Sequence[Taken]) -> tuple[Share, int]:
    """Return what is refunded, and how much of it is shipping."""
    if new.amount is not None:
        return rest.part(of_amount(new.amount, rest.due)), 0
    if not new.lines and new.amount_shipping is None:
        return rest.all, rest.shipping
    shipping = new.amount_shipping or 0
    if shipping > rest.shipping:
        raise RefundExceedsCaptured(rest.shipping)
    shares = (each.share for each in taken)
    return rest.part(sum(shares, rest.of_shipping(shipping))), shipping


def _move_goods(
    order: Order, new: NewRefund, lines: Sequence[Line], taken: Sequence[Taken], actor: Actor
) -> None:
    """Put what came back into stock, and release what is not sent any more."""
    if not taken:
        return
    closed = complete_if_done(order, lines)
    if canceled := _canceled(taken):
        units.release(order, order.cancel_sequence, taken)
        amount = sum(amount for _, amount in canceled.values())
        what = {LINES_CANCELED: facts.of_lines(order.cancel_sequence, amount, canceled)}
        announce_all(order, actor, {**what, **closed})
    if new.restock:
        units.restock(order, order.refund_sequence, taken)


def _canceled(taken: Sequence[Taken]) -> dict[UUID, tuple[int, int]]:
    """Return the units that are not sent any more, and their amount, by id of the line."""
    return {
        each.line.id: (quantity, share.amount)
        for each in taken
        for kind, quantity, share in each.parts()
        if kind == "canceled"
    }
