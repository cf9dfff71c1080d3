"""What of an order can still be refunded: with its tax, and the part of it that is shipping."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_contracts.baskets import half_up
from mercato_kit.db import locked, refreshed, session
from mercato_orders.errors import RefundExceedsCaptured
from mercato_orders.models import ACTIVE, Order, Payment, Refund
from mercato_orders.services.refunds.claims import REFRESHING, claiming
from mercato_orders.shares import Share, limited, of_amount


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a locked order.

    Args:
        payment: Its active payment, locked; None if there is none.
        left: What of the payment is captured and neither refunded nor claimed, in minor units.
        due: What of the order is neither refunded nor canceled.
        shipping_refunded: What of shipping was refunded, in minor units with tax.
    """

    order: Order
    payment: Payment | None
    left: int
    due: Share
    shipping_refunded: int

    @property
    def all(self) -> Share:
        """All that is captured and not refunded."""
        return of_amount(self.left, self.due)

    def part(self, share: Share) -> Share:
        """Return *share* with no more tax than is left, and all of it with the last amount."""
        return limited(share, self.due) if share.amount <= self.due.amount else share

    @property
    def shipping(self) -> int:
        """What of shipping can still be refunded, with tax."""
        return min(_shipping(self.order).amount - self.shipping_refunded, self.left)

    def of_shipping(self, amount: int) -> Share:
        """Return *amount* of shipping with its tax; the parts add up to the tax of shipping."""
        whole, before = _shipping(self.order), self.shipping_refunded
        if not whole.amount:
            return Share()
        tax = half_up(whole.tax * (before + amount), whole.amount)
        return Share(amount, tax - half_up(whole.tax * before, whole.amount))


def rest_of(order: Order) -> Rest:
    """Lock the payment of a locked order, and return what is left of both."""
    paying = sa.select(Payment, *_refunded(order)).where(*_paying(order))
    row = session.execute(refreshed(locked(paying))).one_or_none()
    if row is None and order.amount_paid:
        # The payment was refunded.
        return _rest(order, (None, *session.execute(sa.select(*_refunded(order))).one()))
    return _rest(order, row or (None, 0, 0, 0))


def claim_rest(order: Order, amount: int | None) -> tuple[Payment, Rest]:
    """Claim *amount* of the payment of a locked order; return it, and what was left before.

    Args:
        order: The order.
        amount: Minor units; None for all that is left.

    Raises:
        RefundExceedsCaptured: Less is left, or nothing.
    """
    claimed = claiming(amount).where(*_paying(order)).returning(Payment, *_refunded(order))
    row = session.execute(claimed, execution_options=REFRESHING).one_or_none()
    if row is None:
        raise RefundExceedsCaptured(rest_of(order).left)
    return row[0], _rest(order, row)


def _paying(order: Order) -> tuple[sa.ColumnElement[bool], ...]:
    return Payment.order_id == order.id, Payment.status.in_(ACTIVE)


def _refunded(order: Order) -> list[sa.ScalarSelect[int]]:
    """Select the sums of the refunds of what an order has paid: amount, tax, shipping."""
    live = sa.select(Refund).where(
        Refund.order_id == order.id,
        Refund.source != "late_payment",
        Refund.status.in_(("pending", "succeeded")),
    )
    # PostgreSQL sums integers to decimals.
    return [
        live.with_only_columns(
            sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger)
        ).scalar_subquery()
        for column in (Refund.amount, Refund.amount_tax, Refund.amount_shipping)
    ]


def _rest(order: Order, row: Iterable[Any]) -> Rest:
    payment, amount, tax, shipping = row
    if payment is not None:
        # A refreshed row forgets its relationships.
        set_committed_value(payment, "order", order)
    left = payment.amount_captured - amount if payment else 0
    due = Share(
        order.amount_total - order.amount_canceled - amount,
        order.amount_tax - order.amount_canceled_tax - tax,
    )
    return Rest(order, payment, left, due, shipping)


def _shipping(order: Order) -> Share:
    """Return what was charged for shipping."""
    tax = order.amount_shipping_tax
    return Share(order.amount_shipping + (0 if order.tax_included else tax), tax)
