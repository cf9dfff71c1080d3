"""Record what a payment provider says of refunds."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from mercato_contracts.payments import RefundSnapshot
from mercato_kit.db import locked, new_id, refreshed, session, touch
from mercato_orders import facts
from mercato_orders.access import SYSTEM, Actor, Caller
from mercato_orders.models import Order, Payment, Refund
from mercato_orders.services.attention import needs_attention
from mercato_orders.services.refunds.claims import claim
from mercato_orders.states import PAYMENT, REFUND, move, payment_status
from mercato_orders.timeline import REFUND_FAILED, REFUNDED, announce


def settle_refund(
    refund_id: UUID, snapshot: RefundSnapshot | None, caller: Caller | None = None
) -> Refund:
    """Record the answer of a provider, and return the refund with its lines.

    Args:
        refund_id: Id of the refund.
        snapshot: The answer; None if it is not known.
        caller: Who is named in the timeline; None for the system.
    """
    order, payment, refund = _lock(refund_id)
    actor = SYSTEM if caller is None else caller.acts_as(order)
    if snapshot is not None:
        _merge(order, payment, refund, snapshot, actor)
    return refund


def merge_refunds(
    order: Order,
    payment: Payment,
    snapshots: Sequence[RefundSnapshot],
    actor: Actor = SYSTEM,
) -> None:
    """Record the refunds that a provider lists. One that was made there is imported.

    Args:
        order: The order, locked.
        payment: Its payment, locked; what is captured was recorded before.
        snapshots: The provider's refunds of the payment.
        actor: Who is named in the timeline.
    """
    if not snapshots:
        return
    ours = _refunds_of(payment)
    of_theirs = {refund.provider_refund_id: refund for refund in ours.values()}
    for snapshot in snapshots:
        known = ours.get(snapshot.refund_id) if snapshot.refund_id else None
        if known is None and snapshot.reference is not None:
            known = of_theirs.get(snapshot.reference)
        refund = known or _imported(payment, snapshot)
        if refund is not None:
            _merge(order, payment, refund, snapshot, actor)


def _lock(refund_id: UUID) -> tuple[Order, Payment, Refund]:
    """Lock a refund after its order and its payment, and read its lines."""
    tables = Order, Payment, Refund
    statement = (
        sa.select(*tables)
        .select_from(Order)
        .join(Payment, Payment.order_id == Order.id)
        .join(Refund, Refund.payment_id == Payment.id)
        .outerjoin(Refund.lines)
        .options(contains_eager(Refund.lines))
        .where(Refund.id == refund_id)
    )
    order, payment, refund = session.execute(refreshed(locked(statement, of=tables))).unique().one()
    set_committed_value(refund, "order", order)
    return order, payment, refund


def _refunds_of(payment: Payment) -> dict[UUID, Refund]:
    """Lock the refunds of a locked payment, and return them with their lines by id."""
    statement = (
        sa.select(Refund)
        .outerjoin(Refund.lines)
        .options(contains_eager(Refund.lines))
        .where(Refund.payment_id == payment.id)
        .order_by(Refund.id)
    )
    rows = session.scalars(refreshed(locked(statement, of=(Refund,)))).unique()
    return {refund.id: refund for refund in rows}


def _imported(payment: Payment, snapshot: RefundSnapshot) -> Refund | None:
    """Write a refund that was made at the provider; None if it has no effect here."""
    if snapshot.state not in ("pending", "succeeded"):
        return None
    if snapshot.amount < 1 or not claim(payment, snapshot.amount):
        needs_attention(payment, "mismatch", "the provider refunds what cannot be")
        return None
    refund = Refund(
        id=new_id(),
        order_id=payment.order_id,
        payment_id=payment.id,
        source="late_payment" if payment.status == "refund_due" else "dashboard",
        amount=snapshot.amount,
        status="pending",
    )
    set_committed_value(refund, "lines", [])
    session.add(refund)
    return refund


def _merge(
    order: Order, payment: Payment, refund: Refund, snapshot: RefundSnapshot, actor: Actor
) -> None:
    """Record a state that may follow that of the refund; an older one changes nothing."""
    refund.provider_refund_id = refund.provider_refund_id or snapshot.reference
    if snapshot.state not in REFUND.get(refund.status, ()):
        return
    if snapshot.amount != refund.amount:
        needs_attention(payment, "mismatch", "the provider refunds another amount")
        return
    was_pending = refund.status == "pending"
    refund.error_code = snapshot.error_code
    _turn(order, payment, refund, snapshot.state)
    touch(order)
    if refund.status != "succeeded":
        word = "refund_refused" if was_pending else "refund_failed"
        needs_attention(payment, word, refund.error_code)
    topic = REFUNDED if refund.status == "succeeded" else REFUND_FAILED
    announce(order, topic, actor, _facts(refund))


def _turn(order: Order, payment: Payment, refund: Refund, status: str) -> None:
    """Change the status of a refund, and the amounts that count it."""
    change = refund.amount * ((status == "succeeded") - (refund.status == "succeeded"))
    if refund.status == "pending":
        payment.amount_refund_pending -= refund.amount
    payment.amount_refunded += change
    move(refund, REFUND, status)
    is_late = refund.source == "late_payment"
    if payment.status != "authorized":
        is_all = payment.amount_refunded == payment.amount_captured
        rest = "refund_due" if is_late or payment.status == "refund_due" else "captured"
        move(payment, PAYMENT, "refunded" if is_all else rest)
    if not is_late:
        order.amount_refunded += change
        order.payment_status = payment_status(order, [payment.status])


def _facts(refund: Refund) -> facts.Facts:
    lines = ((line.line_id, line.kind, line.quantity, line.amount) for line in refund.lines)
    return facts.of_refund(refund.id, refund.payment_id, refund.amount, lines)
