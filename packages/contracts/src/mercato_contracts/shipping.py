"""The contract ``shipping``: methods of sending a purchase, and their prices."""

from dataclasses import dataclass
from typing import Final, Protocol

from mercato_contracts.baskets import Basket

ANSWERS: Final = "many"
REMOTE: Final = ("methods",)
"""Methods that may ask another machine."""


@dataclass(frozen=True, slots=True)
class Method:
    """A way to send a basket.

    Args:
        code: Unique for the provider.
        label: Its name, for customers.
        amount: Price, in minor units of the basket's currency.
        tax_code: Tax category; None for the standard rate.
        days_min: Estimated days until delivery, at least.
        days_max: Estimated days until delivery, at most.
    """

    code: str
    label: str
    amount: int
    tax_code: str | None = None
    days_min: int | None = None
    days_max: int | None = None


class Shipping(Protocol):
    """Sends goods."""

    def methods(self, basket: Basket) -> tuple[Method, ...]:
        """Return the methods for a basket with an address. At most one SELECT.

        Returns:
            The methods, the one to show first at the start; none where it does not send there.
        """
        ...
