"""The status of an order that follows from its payments: computed here, and only here."""

from collections.abc import Collection


def payment_status(
    statuses: Collection[str], *, amount_paid: int = 0, amount_refunded: int = 0
) -> str:
    """Return how far an order is paid.

    Args:
        statuses: Of its payments.
        amount_paid: Minor units captured.
        amount_refunded: Minor units given back.
    """
    if amount_refunded:
        return "refunded" if amount_refunded == amount_paid else "partially_refunded"
    if "captured" in statuses:
        return "paid"
    return "authorized" if "authorized" in statuses else "unpaid"
