"""Stripe's JSON, as far as it is read: payment intents, charges, refunds and events."""

from typing import Any, Literal

from msgspec import Raw, Struct

API_VERSION = "2026-10-28.endive"
"""The version of Stripe's API that these shapes are of; calls and the webhook endpoint name it."""

Status = Literal[
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "canceled",
    "succeeded",
]

Metadata = dict[str, str] | None


class Refund(Struct, frozen=True):
    """A refund of a charge."""

    id: str
    amount: int
    currency: str
    status: Literal["pending", "requires_action", "succeeded", "failed", "canceled"]
    metadata: Metadata = None
    failure_reason: str | None = None


class Refunds(Struct, frozen=True):
    """The latest refunds of a charge."""

    data: list[Refund]
    has_more: bool = False


class Card(Struct, frozen=True):
    """What a charge says of its card."""

    capture_before: int | None = None


class PaymentMethod(Struct, frozen=True):
    """What a charge says of its payment method."""

    card: Card | None = None


class Charge(Struct, frozen=True):
    """An attempt to charge a payment intent."""

    id: str
    disputed: bool = False
    failure_code: str | None = None
    refunds: Refunds | None = None
    payment_method_details: PaymentMethod | None = None


class Redirect(Struct, frozen=True):
    """Where the browser goes."""

    url: str | None = None


class NextAction(Struct, frozen=True):
    """What the customer does next."""

    type: str
    redirect_to_url: Redirect | None = None


class PaymentError(Struct, frozen=True):
    """Why an attempt failed."""

    code: str | None = None
    decline_code: str | None = None


class Intent(Struct, frozen=True):
    """A payment intent. Its charge is expanded in answers, and an id in events."""

    id: str
    status: Status
    amount: int
    amount_received: int
    currency: str
    created: int
    metadata: Metadata = None
    client_secret: str | None = None
    next_action: NextAction | None = None
    last_payment_error: PaymentError | None = None
    cancellation_reason: str | None = None
    latest_charge: Charge | str | None = None


class Failure(Struct, frozen=True):
    """Why a call failed."""

    type: str
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None


class FailedAnswer(Struct, frozen=True):
    """The body of an answer with status 400 or above."""

    error: Failure


class Thing(Struct, frozen=True):
    """What an event is about, as far as it names a payment; in every version of the API."""

    object: str
    id: str
    metadata: Metadata = None
    payment_intent: str | dict[str, Any] | None = None


class EventData(Struct, frozen=True):
    """The part of an event with its object."""

    object: Raw


class Event(Struct, frozen=True):
    """The body of a webhook."""

    id: str
    type: str
    created: int
    data: EventData
    api_version: str | None = None
