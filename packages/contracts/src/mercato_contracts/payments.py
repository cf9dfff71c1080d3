"""The contract ``payments``: charge customers, capture, void and refund.

Orders commits a row before each call, and stores the provider's reference before money can move.
Every answer, webhook and read is a :class:`Snapshot`: evidence for one function of orders.
Amounts are whole minor units, from 1 to 2^53 - 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol
from uuid import UUID

ANSWERS: Final = "many"
REMOTE: Final = ("open", "confirm", "fetch", "capture", "void", "refund")
"""Methods that may ask another machine."""

State = Literal["processing", "requires_action", "authorized", "captured", "failed", "canceled"]
"""State of a payment at the provider. ``failed`` and ``canceled`` are final there."""

RefundState = Literal["pending", "succeeded", "failed", "canceled"]
"""State of a refund at the provider. One that succeeded can fail days later."""

Capture = Literal["now", "later"]
"""Whether the amount is captured at once, or only authorized."""

ActionKind = Literal["redirect", "client", "instructions"]
"""``redirect``: the browser opens *url*. ``client``: the provider's script in the browser takes
*data*. ``instructions``: the customer is shown *data*."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do. Orders refuses at boot settings that need more.

    Args:
        remote: Whether calls wait for another machine. Calls of a local provider run inside the
            transaction.
        authorize: Whether an amount can be authorized first and captured later.
        partial_capture: Whether less than the authorized amount can be captured.
        multiple_captures: Whether an authorisation can be captured in several parts.
        releases_rest: Whether a final capture gives back the rest of the authorisation.
        partial_refund: Whether less than the captured amount can be refunded.
        delayed: Whether a payment can be processing for days.
        key_hours: Hours for which the provider keeps an idempotency key.
        by_customer: Whether customers may pay with it, not only staff.
        takes_card_numbers: Whether a payment method may be a card number: for play money only.
    """

    remote: bool = True
    authorize: bool = False
    partial_capture: bool = False
    multiple_captures: bool = False
    releases_rest: bool = True
    partial_refund: bool = True
    delayed: bool = False
    key_hours: int = 24
    by_customer: bool = True
    takes_card_numbers: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount that a customer is to pay.

    Args:
        payment_id: Id of the payment at orders; travels as metadata.
        order_id: Id of the order; travels as metadata.
        number: Number of the order, for people.
        amount: Minor units of *currency*.
        currency: ISO 4217 code.
        capture: Whether the amount is captured at once.
        payment_method: The provider's token of the payment method; never a card number.
        return_url: Where the provider sends the browser back to.
    """

    payment_id: UUID
    order_id: UUID
    number: int
    amount: int
    currency: str
    capture: Capture = "now"
    payment_method: str | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """A payment at its provider.

    Args:
        payment_id: Id of the payment at orders.
        reference: Id of the payment at the provider.
        currency: ISO 4217 code.
    """

    payment_id: UUID
    reference: str
    currency: str


@dataclass(frozen=True, slots=True)
class NextAction:
    """What the customer has to do before the payment goes on.

    Args:
        kind: What is done.
        url: Where the browser goes, for ``redirect``.
        data: JSON values, such as a secret for the provider's script.
    """

    kind: ActionKind
    url: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A refund at the provider.

    Args:
        state: Its state.
        amount: Minor units.
        reference: Its id at the provider; None before it has one.
        refund_id: Its id at orders; None for one that was made at the provider.
        error_code: Why it failed.
    """

    state: RefundState
    amount: int
    reference: str | None = None
    refund_id: UUID | None = None
    error_code: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A payment at the provider, at one moment.

    Args:
        state: Its state.
        amount: Minor units that are to be paid.
        currency: ISO 4217 code.
        amount_captured: Minor units captured, refunded ones included.
        refunds: All its refunds; None if the provider did not list them.
        observed_at: When the provider saw this state (aware).
        next_action: What the customer has to do.
        error_code: Why it failed.
        disputed: Whether the customer's bank asks the money back.
        authorized_until: When the authorisation ends (aware).
        expected_by: When a delayed payment is decided at the latest (aware).
    """

    state: State
    amount: int
    currency: str
    amount_captured: int
    refunds: tuple[RefundSnapshot, ...] | None
    observed_at: datetime
    next_action: NextAction | None = None
    error_code: str | None = None
    disputed: bool = False
    authorized_until: datetime | None = None
    expected_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One event of a webhook.

    Args:
        event_id: The provider's id of the event; the same when the event is sent again.
        type: The provider's name of what happened.
        payment_id: Id of the payment at orders, if the event has it.
        reference: Id of the payment at the provider, if the event has it.
        snapshot: The payment as the event shows it; None if it has to be fetched.
        foreign: Whether the event is about something that this installation did not make.
    """

    event_id: str
    type: str
    payment_id: UUID | None = None
    reference: str | None = None
    snapshot: Snapshot | None = None
    foreign: bool = False


class Refused(Exception):
    """The provider refused the call; it certainly had no effect.

    Args:
        code: Why, for programs.
        detail: Why, as a sentence for people.
    """

    def __init__(self, code: str, detail: str | None = None) -> None:
        super().__init__(f"the provider refused: {code}")
        self.code = code
        self.detail = detail


class Unknown(Exception):
    """The outcome of the call is open: a time-out, a 5xx or a 429; the call can be repeated.

    Args:
        reason: Why, for operators.
        key_is_spent: Whether the provider repeats a stored answer. Then the call has no effect
            under its key any more, and what a read does not show is asked for with another one.
    """

    def __init__(self, reason: str = "no answer", *, key_is_spent: bool = False) -> None:
        super().__init__(reason)
        self.key_is_spent = key_is_spent


class Misconfigured(Exception):
    """The provider refused the installation's credentials (401, 403); nothing had an effect."""


class BadSignature(Exception):
    """The body of a webhook is not signed with a secret of the installation, or is malformed."""


class Payments(Protocol):
    """Moves money between customers and the shop.

    Calls raise no other errors than those of this module, and end within 10 seconds. Two calls
    with the same *key* have one effect. A payment that is declined is closed at the provider before
    it is reported, as a snapshot; if closing it finds money, ``captured`` is reported.
    """

    name: str
    """The word for the provider in the API, such as ``manual``."""

    capabilities: Capabilities

    def check(self, charge: Charge) -> None:
        """Check currency, limits and exponent of a charge. No I/O.

        Raises:
            Refused: The provider cannot charge this.
        """
        ...

    def open(self, charge: Charge, key: str) -> str:
        """Prepare a payment that cannot move money before it is confirmed.

        Returns:
            Its reference, the id of the payment at the provider.

        Raises:
            Refused, Unknown, Misconfigured: There is no reference.
        """
        ...

    def confirm(self, charge: Charge, ref: Ref, key: str) -> Snapshot:
        """Charge the customer.

        Raises:
            Refused, Unknown, Misconfigured: There is no snapshot.
        """
        ...

    def fetch(self, ref: Ref) -> Snapshot | None:
        """Return the payment as it is now; it sees the provider's own writes.

        Returns:
            None if the provider never had it.

        Raises:
            Unknown, Misconfigured: The payment could not be read.
        """
        ...

    def capture(
        self,
        ref: Ref,
        capture_id: UUID,
        amount: int,
        final: bool,  # noqa: FBT001
        key: str,
    ) -> Snapshot:
        """Capture an authorized amount, or a part of it.

        Args:
            ref: The payment.
            capture_id: Id of the capture at orders; travels as metadata.
            amount: Minor units.
            final: Whether nothing else is captured.
            key: Idempotency key.

        Raises:
            Refused, Unknown, Misconfigured: There is no snapshot.
        """
        ...

    def void(self, ref: Ref, key: str) -> Snapshot:
        """Close a payment that is not captured.

        Too late is an answer, not an error: the snapshot says ``captured``.

        Raises:
            Refused, Unknown, Misconfigured: There is no snapshot.
        """
        ...

    def refund(
        self, ref: Ref, refund_id: UUID, amount: int, reason: str, key: str
    ) -> RefundSnapshot:
        """Give captured money back.

        Args:
            ref: The payment.
            refund_id: Id of the refund at orders; travels as metadata.
            amount: Minor units.
            reason: Why, for the provider's records.
            key: Idempotency key.

        Raises:
            Refused, Unknown, Misconfigured: There is no snapshot.
        """
        ...

    def parse_webhook(
        self, body: bytes, headers: Mapping[str, str], now: datetime
    ) -> Sequence[Notice]:
        """Verify the signature of a webhook and return its events. No I/O.

        Args:
            body: As it was received.
            headers: The request's headers; their names compare without case.
            now: The current time (aware).

        Raises:
            BadSignature: No secret signed the body within 300 seconds, or it is malformed.
        """
        ...
