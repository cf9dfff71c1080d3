"""Cancel an order, or units of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.payments import RefundSnapshot
from mercato_contracts.stock import Stock
from mercato_kit.db import session, touch
from mercato_kit.services import get
from mercato_kit.views import Shown
from mercato_orders import facts
from mercato_orders.access import Actor, Caller
from mercato_orders.errors import InvalidTransition
from mercato_orders.models import IN_FLIGHT, Line, Order
from mercato_orders.permissions import WRITE
from mercato_orders.services import units
from mercato_orders.services.completion import close, complete_if_done
from mercato_orders.services.queries import lock_order, show_order
from mercato_orders.services.refunds import (
    Claimed,
    Rest,
    check_part,
    claim_refund,
    rest_of,
    settle_refund,
    try_refund,
    write_lines,
)
from mercato_orders.services.units import Taken
from mercato_orders.services.voids import request_void
from mercato_orders.shares import Share
from mercato_orders.states import require
from mercato_orders.timeline import CANCELED, LINES_CANCELED, announce, announce_all
from mercato_orders.values import Cancellation


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Cancel an order, or units of it; its methods are the parts of a remote command.

    Args:
        order_id: The order.
        wanted: What is canceled.
        caller: Who cancels it.
    """

    order_id: UUID
    wanted: Cancellation
    caller: Caller

    def begin(self) -> UUID | Shown:
        """Cancel it; see :func:`start_cancellation`.

        Returns:
            The id of the refund; the order if nothing is to be waited for.
        """
        refund = start_cancellation(self.order_id, self.wanted, self.caller)
        if refund is None:
            return show_order(self.order_id)
        return self.finish(refund.id, try_refund(refund.id)) if refund.is_local else refund.id

    def call(self, refund_id: UUID, resumed: bool) -> RefundSnapshot | None:  # noqa: FBT001
        """Refund at the provider, with the same key again; None if the answer is not known."""
        return try_refund(refund_id)

    def finish(self, refund_id: UUID, answer: RefundSnapshot | None) -> Shown:
        """Record the answer, and return the order as it is then."""
        settle_refund(refund_id, answer, self.caller)
        return show_order(self.order_id)


def start_cancellation(order_id: UUID, wanted: Cancellation, caller: Caller) -> Claimed | None:
    """Cancel an order or units of it, and begin to give the money back.

    Returns:
        The refund; None if nothing is to be given back.

    Raises:
        NotFound: The order does not exist, or the caller may not see it.
        Forbidden: The caller neither owns an unpaid order nor has the permission ``orders.write``.
        InvalidTransition: It is closed, units were sent or are being sent, a capture is pending, or
            units of an unpaid order are to be canceled.
        QuantityExceedsRemaining: A line has fewer units that are not sent or canceled.
    """
    order = lock_order(order_id, caller)
    unpaid = order.payment_status == "unpaid"
    if not (unpaid and caller.owns(order)):
        caller.require(WRITE)
    actor = caller.acts_as(order)
    if wanted.lines:
        require(order, "cancel_lines")
        return cancel_units(order, wanted.lines, actor, wanted.reason)
    return cancel_order(order, actor, wanted.reason)


def cancel_order(order: Order, actor: Actor, reason: str | None = None) -> Claimed | None:
    """Cancel a locked order of which nothing was sent; see :func:`start_cancellation`.

    A payment in flight does not prevent it: it is closed at its provider, or given back.
    """
    require(order, "cancel_unpaid", "cancel")
    rest = _rest(order)
    if order.payment_status != "unpaid" and _is_being_sent(order):
        raise InvalidTransition("Units of the order were sent or are being sent.")
    close(order, reason)
    refund = _give_all_back(rest, reason)
    get(Stock).release(order.id)
    announce(order, CANCELED, actor)
    return refund


def cancel_units(
    order: Order, wanted: Mapping[UUID, int], actor: Actor, reason: str | None = None
) -> Claimed | None:
    """Cancel units of a locked order that were not sent; see :func:`start_cancellation`.

    With its last units, an order of which nothing was sent is canceled as a whole.

    Args:
        order: The order.
        wanted: Units by id of the line.
        actor: Who cancels them.
        reason: Why.
    """
    rest = _rest(order)
    lines = units.read_lines(order)
    units.check(wanted, lines)
    if _are_all(lines, wanted) and not any(line.quantity_fulfilled for line in lines):
        return cancel_order(order, actor, reason)
    taken = units.unshipped(lines, wanted)
    units.take(order, taken)
    share = sum((each.share for each in taken), Share())
    order.cancel_sequence += 1
    touch(order)
    refund = _give_back(rest, share, taken, reason)
    closed = complete_if_done(order, lines)
    units.release(order, order.cancel_sequence, taken)
    canceled = {each.line.id: (each.canceled, each.share.amount) for each in taken}
    what = facts.of_lines(order.cancel_sequence, share.amount, canceled)
    announce_all(order, actor, {LINES_CANCELED: what, **closed})
    return refund


def cancel_rest(order: Order, actor: Actor, reason: str | None = None) -> Claimed | None:
    """Cancel all units of a locked order that were not sent."""
    lines = units.read_lines(order)
    left = {line.id: line.quantity_unsent for line in lines if line.quantity_unsent}
    return cancel_units(order, left, actor, reason) if left else None


def _rest(order: Order) -> Rest:
    """Return what of an order can be given back.

    Raises:
        InvalidTransition: A capture of its payment is pending.
    """
    rest = rest_of(order)
    if rest.payment is not None and rest.payment.amount_capture_pending:
        raise InvalidTransition("A capture of the order's payment is pending.")
    return rest


def _is_being_sent(order: Order) -> bool:
    sent = Line.quantity_fulfilled + Line.quantity_pending > 0
    return bool(session.scalar(sa.select(sa.exists().where(Line.order_id == order.id, sent))))


def _are_all(lines: Sequence[Line], wanted: Mapping[UUID, int]) -> bool:
    """Return whether no unit of the order was sent, and none is left to send."""
    return all(wanted.get(line.id, 0) + line.quantity_canceled == line.quantity for line in lines)


def _give_all_back(rest: Rest, reason: str | None) -> Claimed | None:
    """Close a payment in flight, and refund all that was captured."""
    payment, share = rest.payment, rest.all
    if rest.order.amount_paid:
        # A partly captured order owes no more than it has paid.
        _cancel_amount(rest.order, rest.due - share)
    if payment is None:
        return None
    if payment.status in IN_FLIGHT:
        request_void(payment)
    if not share.amount:
        return None
    return claim_refund(
        payment, share, source="cancel", reason=reason, amount_shipping=rest.shipping
    )


def _give_back(
    rest: Rest, share: Share, taken: Sequence[Taken], reason: str | None
) -> Claimed | None:
    """Take canceled units off what is due, and refund what of them was captured."""
    order, payment = rest.order, rest.payment
    not_captured = order.amount_total - order.amount_canceled - order.amount_paid
    canceled = share.up_to(not_captured)
    _cancel_amount(order, canceled)
    if payment is None:
        return None
    if payment.status == "authorized" and not_captured == canceled.amount:
        request_void(payment)
    refunded = rest.part((share - canceled).up_to(rest.all.amount))
    check_part(payment, refunded.amount, "/lines")
    if not refunded.amount:
        return None
    refund = claim_refund(payment, refunded, source="cancel", reason=reason)
    write_lines(refund.id, taken)
    return refund


def _cancel_amount(order: Order, share: Share) -> None:
    order.amount_canceled += share.amount
    order.amount_canceled_tax += share.tax
