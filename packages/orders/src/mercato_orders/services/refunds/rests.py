"""What of an order can still be refunded: with its tax, and the part of it that is shipping."""

from dataclasses import dataclass

import sqlalchemy as sa

from mercato_contracts.baskets import half_up
from mercato_kit.db import locked, refreshed, session
from mercato_orders.models import Order, Payment, Refund
from mercato_orders.services.refunds.claims import left_of
from mercato_orders.shares import Share, limited, of_amount

_CAPTURED = ("authorized", "captured")
"""Statuses of a payment that pays its order. An authorized one can be captured in part."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left of a locked order.

    Args:
        payment: The payment that pays it, locked; None if nothing does.
        due: What of the order is neither refunded nor canceled.
        shipping: What of shipping was refunded, in minor units with tax.
    """

    order: Order
    payment: Payment | None
    due: Share
    shipping_refunded: int

    @property
    def all(self) -> Share:
        """All that is captured and not refunded."""
        return of_amount(left_of(self.payment), self.due)

    def part(self, share: Share) -> Share:
        """Return *share* with no more tax than is left, and all of it with the last amount."""
        return limited(share, self.due) if share.amount <= self.due.amount else share

    @property
    def shipping(self) -> int:
        """What of shipping can still be refunded, with tax."""
        return _shipping(self.order).amount - self.shipping_refunded

    def of_shipping(self, amount: int) -> Share:
        """Return *amount* of shipping with its tax; the parts add up to the tax of shipping."""
        whole, before = _shipping(self.order), self.shipping_refunded
        if not whole.amount:
            return Share()
        tax = half_up(whole.tax * (before + amount), whole.amount)
        return Share(amount, tax - half_up(whole.tax * before, whole.amount))


def rest_of(order: Order) -> Rest:
    """Lock the payment of a locked order, and return what is left of both."""
    live = sa.select(Refund).where(
        Refund.payment_id == Payment.id, Refund.status.in_(("pending", "succeeded"))
    )
    refunded = (
        live.with_only_columns(sa.func.coalesce(sa.func.sum(column), 0)).scalar_subquery()
        for column in (Refund.amount, Refund.amount_tax, Refund.amount_shipping)
    )
    paying = sa.select(Payment, *refunded).where(
        Payment.order_id == order.id, Payment.status.in_(_CAPTURED)
    )
    row = session.execute(refreshed(locked(paying))).one_or_none()
    payment, amount, tax, shipping = row or (None, 0, 0, 0)
    due = Share(
        order.amount_total - order.amount_canceled - amount,
        order.amount_tax - order.amount_canceled_tax - tax,
    )
    return Rest(order, payment, due, shipping)


def _shipping(order: Order) -> Share:
    """Return what was charged for shipping."""
    tax = order.amount_shipping_tax
    return Share(order.amount_shipping + (0 if order.tax_included else tax), tax)
