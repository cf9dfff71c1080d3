"""The contract ``taxes``: the tax rates of a purchase.

The provider says which rates apply; orders computes the amounts.
"""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

from mercato_contracts.baskets import Basket

ANSWERS: Final = "one"
REMOTE: Final = ("assess",)
"""Methods that may ask another machine."""

HIGHEST_RATE = 10_000_000
"""Maximum rate, in ppm."""

Reason = Literal[
    "standard", "reduced", "zero", "exempt", "reverse_charge", "export", "not_registered"
]
"""Why a rate applies."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One tax.

    Args:
        code: Identifies it, such as ``de-standard``.
        label: Its name, for customers.
        ppm: Parts per million: 190,000 is 19 %.
        reason: Why this rate applies.
    """

    code: str
    label: str
    ppm: int
    reason: Reason = "standard"


@dataclass(frozen=True, slots=True)
class Tax:
    """The taxes of a line or of shipping.

    Args:
        rates: Rates that apply to it together.
        amount: The tax in minor units, from remote providers only; it is booked as it is.
        relief_ppm: Rate of the tax that the listed price contains and that is not due.
    """

    rates: tuple[Rate, ...]
    amount: int | None = None
    relief_ppm: int = 0


@dataclass(frozen=True, slots=True)
class Assessment:
    """The taxes of a basket.

    Args:
        included: Whether prices contain tax; for the whole order.
        lines: One for each line, in their order.
        shipping: That of shipping; None where nothing is shipped.
        rounding: Whether tax is rounded for each line, or once for each rate.
        estimated: Whether the address was not known.
    """

    included: bool
    lines: tuple[Tax, ...]
    shipping: Tax | None
    rounding: Literal["line", "rate"] = "line"
    estimated: bool = False


class InvalidTaxId(Exception):
    """The customer's tax id is not valid."""


class Taxes(Protocol):
    """Knows which taxes are due."""

    def assess(self, basket: Basket) -> Assessment:
        """Return the taxes of a basket, after discounts. At most one SELECT.

        Args:
            basket: Amounts are those that are charged. Without an address, the shop's own country
                is assumed, and the answer is an estimate.

        Raises:
            InvalidTaxId: ``basket.tax_id`` is not valid.
        """
        ...
