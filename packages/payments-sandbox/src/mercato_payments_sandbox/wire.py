"""JSON between shop and sandbox: requests, payments and events."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from mercato_contracts.payments import Capture, RefundState, State

Amount = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Text = Annotated[str, Meta(max_length=2000)]

ChargeState = Literal["created"] | State
"""State of a payment in the sandbox. ``created``: it is not confirmed."""

EventType = Literal[
    "payment.requires_action",
    "payment.processing",
    "payment.authorized",
    "payment.captured",
    "payment.failed",
    "payment.canceled",
    "payment.disputed",
    "refund.updated",
]


class NewPayment(Struct, frozen=True, forbid_unknown_fields=True):
    """``POST /payments``."""

    payment_id: UUID
    order_id: UUID
    number: int
    amount: Amount
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    installation: Text
    capture: Capture = "now"
    return_url: Text | None = None


class Confirmation(Struct, frozen=True, forbid_unknown_fields=True):
    """``POST /payments/{id}/confirm``."""

    payment_method: Text
    return_url: Text | None = None


class NewCapture(Struct, frozen=True, forbid_unknown_fields=True):
    """``POST /payments/{id}/capture``."""

    capture_id: UUID
    amount: Amount
    final: bool


class NewRefund(Struct, frozen=True, forbid_unknown_fields=True):
    """``POST /payments/{id}/refunds``; without ``refund_id`` it is made by hand in the sandbox."""

    amount: Amount
    refund_id: UUID | None = None
    reason: Text = ""


class Refund(Struct, frozen=True):
    """A refund."""

    id: str
    payment: str
    amount: int
    state: RefundState
    refund_id: UUID | None
    error_code: str | None


class Action(Struct, frozen=True):
    """Where the customer goes next."""

    kind: Literal["redirect"]
    url: str


class Payment(Struct, frozen=True):
    """A payment with its refunds."""

    id: str
    payment_id: UUID
    order_id: UUID
    number: int
    installation: str
    amount: int
    currency: str
    capture: Capture
    state: ChargeState
    amount_captured: int
    amount_refunded: int
    refunds: list[Refund]
    observed_at: datetime
    error_code: str | None = None
    next_action: Action | None = None
    disputed: bool = False
    authorized_until: datetime | None = None
    expected_by: datetime | None = None


class Event(Struct, frozen=True):
    """The body of a webhook."""

    id: str
    type: EventType
    created_at: datetime
    payment: Payment


class Problem(Struct, frozen=True):
    """Why a request is refused."""

    code: str
    detail: str = ""


class Refusal(Struct, frozen=True):
    """The body of an answer with status 400 or above."""

    error: Problem
