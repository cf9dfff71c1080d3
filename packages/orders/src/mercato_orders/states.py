"""Compute the payment status of an order from its payments."""

from collections.abc import Collection


def payment_status(
    statuses: Collection[str], *, amount_paid: int = 0, amount_refunded: int = 0
) -> str:
    """Return the payment status of an order.

    Args:
        statuses: Statuses of its payments.
        amount_paid: Minor units captured.
        amount_refunded: Minor units refunded.
    """
    if amount_refunded:
        return "refunded" if amount_refunded == amount_paid else "partially_refunded"
    if "captured" in statuses:
        return "paid"
    return "authorized" if "authorized" in statuses else "unpaid"
