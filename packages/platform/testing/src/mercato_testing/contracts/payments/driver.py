"""What tests do at a payment provider besides the calls of the contract."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mercato_contracts.payments import Payments, Ref


@dataclass(frozen=True)
class Webhook:
    """A request of the provider to the shop."""

    body: bytes
    headers: Mapping[str, str]


class PaymentsDriver(Protocol):
    """Drives a provider: plays its customers, its staff, its network and its webhooks.

    Attributes:
        pays: A payment method that pays at once.
        declined: One that is declined.
        challenged: One that asks for 3-D Secure.
    """

    pays: str
    declined: str
    challenged: str

    def answer_challenge(self, ref: Ref, *, approved: bool) -> None:
        """Answer 3-D Secure as the customer; does nothing if the payment is closed."""
        ...

    def refund_by_hand(self, ref: Ref, amount: int) -> None:
        """Give an amount back as staff of the shop do at the provider."""
        ...

    def without_answers(self, *, effect: bool) -> AbstractContextManager[None]:
        """Let all calls get no answer, with or without their effects."""
        ...

    def webhooks(self) -> Sequence[Webhook]:
        """Return the webhooks of all events so far, oldest first, signed now."""
        ...

    def sign(self, body: bytes, at: datetime, *, former: bool = False) -> Webhook:
        """Return a body as a webhook, signed at a time; with *former*, by a former secret."""
        ...

    def foreign_webhook(self) -> Webhook:
        """Return a webhook about a payment that another installation made."""
        ...

    def with_wrong_credentials(self) -> Payments:
        """Return the provider with credentials that are refused."""
        ...
