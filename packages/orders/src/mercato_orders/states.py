"""The states of orders and of their parts: one table of what may happen, and what follows from it.

Every change of a state is checked against it. What an order stores about its payments and parcels
is derived here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from mercato_orders.errors import InvalidTransition
from mercato_orders.models import Line, Order

_UNPAID = ("open/unpaid",)
_AUTHORIZED = ("open/authorized",)
_PAID = ("open/paid", "open/partially_refunded", "open/refunded")
_COMPLETED = ("completed/paid", "completed/partially_refunded", "completed/refunded")


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of an order's state.

    Args:
        trigger: What causes it.
        sources: ``status/payment_status`` before; none for a new order.
        target: Afterwards, ``status/payment_status`` or only the status where that changes alone.
        guard: What else has to hold.
        stock: What happens to the order's units.
        event: The event that is published, without ``order.``.
        who: C: owner, S: staff, W: worker, P: payment provider; empty if another change causes it.
    """

    trigger: str
    sources: tuple[str, ...]
    target: str
    guard: str
    stock: str
    event: str
    who: str


ORDER: Final = (
    Transition("place", (), "open/unpaid", "all lines are held", "reserve", "placed", "C"),
    Transition("place_free", (), "open/paid", "the total is 0", "reserve, commit", "paid", "C"),
    Transition(
        "authorize", _UNPAID, "open/authorized", "the hold is ours", "commit", "authorized", "P"
    ),
    Transition(
        "pay", (*_UNPAID, *_AUTHORIZED), "open/paid", "the hold is ours", "commit", "paid", "P"
    ),
    Transition(
        "expire",
        _UNPAID,
        "expired",
        "expires_at is past, no payment is in flight",
        "release",
        "expired",
        "W",
    ),
    Transition("cancel_unpaid", _UNPAID, "canceled", "", "release", "canceled", "C S"),
    Transition(
        "cancel",
        (*_AUTHORIZED, *_PAID),
        "canceled",
        "nothing is shipped or pending",
        "release",
        "canceled",
        "S",
    ),
    Transition(
        "cancel_lines",
        (*_AUTHORIZED, *_PAID),
        "open",
        "the units are neither shipped, pending nor canceled",
        "release",
        "lines_canceled",
        "S",
    ),
    Transition(
        "ship",
        (*_AUTHORIZED, *_PAID),
        "open",
        "paid, or captured first; the units are neither shipped, pending nor canceled",
        "ship",
        "shipped",
        "S",
    ),
    Transition(
        "complete",
        (*_AUTHORIZED, *_PAID),
        "completed",
        "all units are shipped or canceled, at least one is shipped",
        "",
        "completed",
        "",
    ),
    Transition(
        "reopen",
        (*_AUTHORIZED, *_PAID, *_COMPLETED),
        "open",
        "the parcel is not delivered, and none of it is refunded",
        "unship",
        "reopened",
        "S",
    ),
)
"""What may happen to an order, in the order in which it usually does."""

Steps = Mapping[str | None, tuple[str, ...]]
"""The states of a part of an order, None before it exists, and those that may follow each."""

_AT_PROVIDER = ("authorized", "captured", "failed", "canceled", "refund_due")

PAYMENT: Final[Steps] = {
    None: ("processing",),
    "processing": ("requires_action", *_AT_PROVIDER),
    "requires_action": ("processing", *_AT_PROVIDER),
    "authorized": ("captured", "failed", "canceled", "refund_due"),
    "captured": ("refunded",),
    "refunded": ("captured", "refund_due"),
    "failed": ("refund_due",),
    "canceled": ("refund_due",),
    "refund_due": ("refunded", "canceled"),
}
"""``refund_due``: money arrived that no order takes. ``refunded`` is left when a refund fails."""

CAPTURE: Final[Steps] = {None: ("pending",), "pending": ("succeeded", "failed")}

REFUND: Final[Steps] = {
    None: ("pending", "succeeded"),
    "pending": ("succeeded", "failed", "canceled"),
    "succeeded": ("failed",),
}
"""Banks send money back days later, so that a refund fails that had succeeded."""

FULFILLMENT: Final[Steps] = {
    None: ("pending", "shipped"),
    "pending": ("shipped", "canceled"),
    "shipped": ("delivered", "canceled"),
}
"""``pending``: its capture runs."""


class HasStatus(Protocol):
    """A part of an order."""

    status: str


def may(order: Order, trigger: str) -> bool:
    """Return whether the state of an order allows a change."""
    state = f"{order.status}/{order.payment_status}"
    return any(state in one.sources for one in ORDER if one.trigger == trigger)


def require(order: Order, *triggers: str) -> None:
    """Check that the state of an order allows one of some changes.

    Raises:
        InvalidTransition: It allows none of them.
    """
    if not any(may(order, trigger) for trigger in triggers):
        raise InvalidTransition


def move(part: HasStatus, steps: Steps, status: str) -> None:
    """Change the state of a payment, capture, refund or fulfilment; no change is always allowed.

    Raises:
        InvalidTransition: The table has no such step.
    """
    if status != part.status and status not in steps.get(part.status, ()):
        raise InvalidTransition(f"It is {part.status}, and cannot become {status}.")
    part.status = status


def due(order: Order) -> int:
    """Return what a customer has to pay: the total without what was canceled before capture."""
    return order.amount_total - order.amount_canceled


def payment_status(order: Order, statuses: Collection[str]) -> str:
    """Return the payment status of an order.

    Args:
        order: With its amounts.
        statuses: Statuses of its payments, at least of one that is active.
    """
    if "authorized" in statuses:
        return "authorized"
    if order.amount_refunded:
        return "refunded" if order.amount_refunded == order.amount_paid else "partially_refunded"
    is_paid = order.amount_paid == due(order)
    return "paid" if is_paid and (order.amount_paid or not order.amount_total) else "unpaid"


def fulfillment_status(lines: Iterable[Line]) -> str:
    """Return the fulfilment status of an order with *lines*."""
    counted = [
        (line.quantity, line.quantity_fulfilled, line.quantity_canceled, line.quantity_returned)
        for line in lines
    ]
    quantity, fulfilled, canceled, returned = (sum(units) for units in zip(*counted, strict=True))
    if not fulfilled:
        return "unfulfilled"
    if returned == fulfilled:
        return "returned"
    return "fulfilled" if fulfilled + canceled == quantity else "partially_fulfilled"
