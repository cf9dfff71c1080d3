"""What timeline entries and events say of a change, besides the order.

Amounts are in minor units of the order's currency. There is no personal data: no reason that a
person wrote, no tracking number.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

Facts = dict[str, Any]


def of_payment(payment_id: UUID, provider: str, amount: int) -> Facts:
    """Return the facts of ``order.authorized`` and ``order.authorization_expiring``."""
    return {"payment": {"id": str(payment_id), "provider": provider, "amount": amount}}


def of_parcel(fulfillment_id: UUID, sequence: int, units: Mapping[UUID, int]) -> Facts:
    """Return the facts of ``order.shipped``, ``.delivered`` and ``.reopened``.

    Args:
        fulfillment_id: Id of the parcel.
        sequence: Its number in the order, from 1.
        units: Its units by id of the line.
    """
    lines = [{"line_id": str(line_id), "quantity": units[line_id]} for line_id in units]
    return {"fulfillment": {"id": str(fulfillment_id), "sequence": sequence, "lines": lines}}


def of_lines(sequence: int, amount: int, units: Mapping[UUID, tuple[int, int]]) -> Facts:
    """Return the facts of ``order.lines_canceled``.

    Args:
        sequence: Number of the cancellation in the order, from 1.
        amount: What it takes off.
        units: Canceled units and their amount, by id of the line.
    """
    lines = [
        {"line_id": str(line_id), "quantity": quantity, "amount": part}
        for line_id, (quantity, part) in units.items()
    ]
    return {"canceled": {"sequence": sequence, "amount": amount, "lines": lines}}


def of_refund(
    refund_id: UUID,
    payment_id: UUID,
    amount: int,
    lines: Iterable[tuple[UUID, str, int, int]] = (),
) -> Facts:
    """Return the facts of ``order.refunded`` and ``order.refund_failed``.

    Args:
        refund_id: Id of the refund.
        payment_id: Id of the payment that it gives back.
        amount: What it gives back.
        lines: Id, kind (``returned``, ``kept`` or ``canceled``), units and amount of each line.
    """
    names = ("line_id", "kind", "quantity", "amount")
    of = [dict(zip(names, (str(line_id), *rest), strict=True)) for line_id, *rest in lines]
    refund = {"id": str(refund_id), "payment_id": str(payment_id), "amount": amount, "lines": of}
    return {"refund": refund}
