"""What a payment provider is asked, and what it answers."""

from dataclasses import dataclass
from typing import Literal
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Charge:
    """Money to take, once.

    Args:
        payment_id: Also the key under which the provider acts once.
        amount: Minor units of *currency*.
        currency: ISO 4217 code.
        payment_method: The provider's token for how.
        return_url: Where the customer comes back to.
    """

    payment_id: UUID
    amount: int
    currency: str
    payment_method: str | None = None
    return_url: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """How a charge ended.

    Args:
        status: Whether the provider has the money.
        provider_payment_id: What the provider calls the payment.
        error_code: Why it was declined.
    """

    status: Literal["captured", "declined"]
    provider_payment_id: str | None = None
    error_code: str | None = None


class PaymentProvider(Protocol):
    """Takes money."""

    def charge(self, charge: Charge) -> Result:
        """Take the money. Called with locks held, so it must not wait for another machine."""
        ...
