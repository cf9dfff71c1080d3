"""The parts of a running sandbox."""

from dataclasses import dataclass

from mercato_payments_sandbox.server.deliveries import Deliveries
from mercato_payments_sandbox.server.ledger import Ledger


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox.

    Args:
        url: Its address.
        secret: What proves that a call is from the shop, and signs webhooks.
        ledger: Its data.
        deliveries: Its webhooks.
    """

    url: str
    secret: str
    ledger: Ledger
    deliveries: Deliveries
