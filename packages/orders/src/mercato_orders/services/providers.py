"""Payment providers, and what they are called with."""

from uuid import UUID

from mercato_contracts.payments import Capabilities, Misconfigured, Payments
from mercato_kit.services import named
from mercato_orders.errors import InvalidTransition


def provider_of(name: str) -> Payments:
    """Return the provider with a name.

    Raises:
        Misconfigured: No composed feature offers it.
    """
    provider = named(Payments, name)
    if provider is None:
        raise Misconfigured(f"no enabled feature offers payments {name}")
    return provider


def capabilities_of(name: str) -> Capabilities:
    """Return what the provider of a payment can do.

    Raises:
        InvalidTransition: No composed feature offers it any more.
    """
    try:
        return provider_of(name).capabilities
    except Misconfigured as gone:
        raise InvalidTransition(f"The payment waits: {gone}.") from gone


def key_of(of: UUID, call: str, attempt_no: int = 1) -> str:
    """Return the idempotency key of a call, the same for each repetition.

    Args:
        of: Id of the payment, capture or refund.
        call: The method.
        attempt_no: Grows if the provider has forgotten the key without an effect.
    """
    return f"{of}:{call}:{attempt_no}"
