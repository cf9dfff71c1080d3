"""The protocol of payment providers and its values."""

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount to capture.

    Args:
        payment_id: Id of the payment, and the provider's idempotency key.
        amount: Minor units of *currency*.
        currency: ISO 4217 code.
        payment_method: The provider's token of the payment method.
        return_url: Where the provider sends the customer back to.
    """

    payment_id: UUID
    amount: int
    currency: str
    payment_method: str | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a charge.

    Args:
        status: Whether the provider captured the amount.
        provider_payment_id: The provider's id of the payment.
        error_code: Why the charge was declined; None if it was captured.
    """

    status: Literal["captured", "declined"]
    provider_payment_id: str | None = None
    error_code: str | None = None


class PaymentProvider(Protocol):
    """Charges customers."""

    def charge(self, charge: Charge) -> Result:
        """Charge a customer. Called with row locks held, so it must not wait for the network."""
        ...
