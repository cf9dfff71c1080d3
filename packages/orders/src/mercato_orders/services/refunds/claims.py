"""Claim captured money for a refund, and write the refund."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_contracts.payments import Payments
from mercato_kit.db import new_id, session
from mercato_kit.errors import invalid
from mercato_kit.later import later
from mercato_kit.services import named
from mercato_orders.errors import RefundExceedsCaptured
from mercato_orders.models import Payment, Refund, RefundLine
from mercato_orders.services.units import Taken
from mercato_orders.shares import Share

REFRESHING = {"populate_existing": True, "synchronize_session": False}
"""How an UPDATE returns the rows as they are now."""

Source = Literal["staff", "cancel", "late_payment", "dashboard"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A refund that was written, and that its provider is to carry out.

    Args:
        id: Id of the refund.
        is_local: Whether the provider is not on another machine: it is called in the transaction.
    """

    id: UUID
    is_local: bool


def claim_refund(
    payment: Payment,
    share: Share,
    *,
    source: Source,
    reason: str | None = None,
    **values: Any,
) -> Claimed:
    """Claim an amount of a locked payment, and write the refund that is to give it back.

    Args:
        payment: The payment; its order is locked, too.
        share: What goes back, 1 or more.
        source: Where the refund comes from.
        reason: Why, for the customer and for the provider's records.
        values: Other attributes of the refund.

    Raises:
        RefundExceedsCaptured: Less is left; nothing may be committed.
    """
    if not claim(payment, share.amount):
        raise RefundExceedsCaptured(left_of(payment))
    return write_refund(payment, share, source=source, reason=reason, **values)


def write_refund(payment: Payment, share: Share, **values: Any) -> Claimed:
    """Write a refund whose amount is claimed; see :func:`claim_refund`."""
    row = {
        "id": new_id(),
        "order_id": payment.order_id,
        "payment_id": payment.id,
        "amount": share.amount,
        "amount_tax": share.tax,
        **values,
    }
    later(Refund, [row])
    provider = named(Payments, payment.provider)
    return Claimed(row["id"], provider is not None and not provider.capabilities.remote)


def check_part(payment: Payment, amount: int, pointer: str) -> None:
    """Check that the provider can refund *amount*, which is 0 or more.

    Args:
        payment: The payment.
        amount: Minor units.
        pointer: The value of the request that names a part of the payment.

    Raises:
        Invalid: It refunds only what was captured as a whole.
    """
    provider = named(Payments, payment.provider)
    able = provider is None or provider.capabilities.partial_refund
    if not able and amount not in (0, payment.amount_captured):
        raise invalid(pointer, "partial", "The provider refunds only the whole amount.")


def claim(payment: Payment, amount: int) -> bool:
    """Claim *amount* of a payment for a refund; return whether that much is left."""
    order = vars(payment).get("order")
    claimed = claiming(amount).where(Payment.id == payment.id).returning(Payment)
    if session.scalar(claimed, execution_options=REFRESHING) is None:
        return False
    if order is not None:
        # A refreshed row forgets its relationships.
        set_committed_value(payment, "order", order)
    return True


def claiming(amount: int | None) -> sa.Update:
    """Return the UPDATE that claims *amount* of a payment; None for all that is left of it.

    The ``WHERE`` clause compares, so concurrent refunds cannot exceed what was captured.
    """
    taken = Payment.amount_refunded + Payment.amount_refund_pending
    wanted = Payment.amount_captured - taken if amount is None else amount
    return (
        sa.update(Payment)
        .where(taken + wanted <= Payment.amount_captured, taken < Payment.amount_captured)
        .values(
            amount_refund_pending=Payment.amount_refund_pending + wanted,
            version=Payment.version + 1,
        )
    )


def write_lines(refund_id: UUID, taken: Iterable[Taken], *, returned: bool = False) -> None:
    """Write for which units a refund gives the money back."""
    kind = "returned" if returned else "kept"
    parts = ((each.line, *part) for each in taken for part in each.parts(kind))
    later(
        RefundLine,
        (
            {
                "refund_id": refund_id,
                "line_id": line.id,
                "kind": kind,
                "quantity": quantity,
                "amount": share.amount,
            }
            for line, kind, quantity, share in parts
        ),
    )


def left_of(payment: Payment) -> int:
    """Return what of a payment can still be refunded, in minor units."""
    return payment.amount_captured - payment.amount_refunded - payment.amount_refund_pending
