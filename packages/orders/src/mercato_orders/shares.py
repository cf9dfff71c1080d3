"""Split the amounts of a line over its units: pure functions, exact to the minor unit.

Units share an amount by largest remainder, and earlier ones get the spare minor units. Captures and
refunds of shipped units count units from the front of a line, cancellations from its back. No unit
is counted twice, so the parts of a line add up to it in any order of steps.
"""

from dataclasses import dataclass
from typing import Protocol

from mercato_contracts.baskets import half_up


class Divisible(Protocol):
    """What of a line is split. Amounts are in minor units."""

    @property
    def quantity(self) -> int:
        """Units, 1 or more."""

    @property
    def amount_total(self) -> int:
        """What they cost, with discounts and tax."""

    @property
    def amount_tax(self) -> int:
        """The tax of that."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a line, of shipping or of an order, in minor units.

    Args:
        amount: With tax.
        tax: The tax of it.
    """

    amount: int = 0
    tax: int = 0

    def __add__(self, other: "Share") -> "Share":
        return Share(self.amount + other.amount, self.tax + other.tax)

    def __sub__(self, other: "Share") -> "Share":
        return Share(self.amount - other.amount, self.tax - other.tax)

    def up_to(self, amount: int) -> "Share":
        """Return the part of this share that is *amount* at most."""
        return self if amount >= self.amount else of_amount(amount, self)


def front(line: Divisible, before: int, units: int) -> Share:
    """Return the share of *units* after the first *before* units of a line."""
    return Share(
        _between(line.amount_total, line.quantity, before, before + units),
        _between(line.amount_tax, line.quantity, before, before + units),
    )


def back(line: Divisible, before: int, units: int) -> Share:
    """Return the share of *units* ahead of the last *before* units of a line."""
    return front(line, line.quantity - before - units, units)


def cumulated(total: int, quantity: int, units: int) -> int:
    """Return what the first *units* of *quantity* units cost together, if all cost *total*.

    Source: largest remainder (Hamilton) method; ties go to earlier units.
    """
    each, spare = divmod(total, quantity)
    return each * units + min(units, spare)


def of_amount(amount: int, rest: Share) -> Share:
    """Return *amount* with its tax: the same proportion of the tax as of the amount of *rest*.

    Args:
        amount: Minor units, 0 to that of *rest*.
        rest: What is left of the order.
    """
    return Share(amount, half_up(rest.tax * amount, rest.amount) if rest.amount else 0)


def limited(share: Share, rest: Share) -> Share:
    """Return *share*, but no more of the tax than is left, and all of it with the last amount."""
    if share.amount >= rest.amount:
        return rest
    return Share(share.amount, min(share.tax, rest.tax))


def _between(total: int, quantity: int, start: int, end: int) -> int:
    return cumulated(total, quantity, end) - cumulated(total, quantity, start)
