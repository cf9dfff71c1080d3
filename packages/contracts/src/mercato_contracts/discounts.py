"""The contract ``discounts``: reductions of a purchase.

Providers say what is reduced and by how much; orders computes the amounts, so that reductions of
all providers are rounded and limited in one way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from uuid import UUID

from mercato_contracts.baskets import Basket

ANSWERS: Final = "many"
ORDERED: Final = True
"""The order of providers changes totals: each reduces what those before it have left."""
REMOTE: Final = ("quote",)
"""Methods that may ask another machine."""

MOST_REDUCTIONS = 20
"""Maximum number of reductions in one answer."""

Reason = Literal[
    "not_yet_valid",
    "expired",
    "used_up",
    "used_by_customer",
    "other_customer",
    "sign_in_required",
    "minimum_not_reached",
    "nothing_eligible",
    "other_currency",
    "not_combinable",
    "no_effect",
]
"""Why a code does not apply."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """Something that is taken off the price. Exactly one of *ppm* and *amount* is given.

    Args:
        id: Identifies it among those of the provider, in each answer again.
        label: Its name, for customers.
        code: The code that it answers; None for an automatic one.
        off: What it reduces.
        lines: Positions of the lines that it reduces; None for all.
        ppm: Part of the price that is left, from 1 to 1,000,000 ppm.
        amount: Minor units, 1 or more.
        at_most: Maximum of the whole reduction, in minor units.
        combinable: Whether it applies beside others.
    """

    id: str
    label: str
    code: str | None = None
    off: Literal["lines", "shipping"] = "lines"
    lines: tuple[int, ...] | None = None
    ppm: int | None = None
    amount: int | None = None
    at_most: int | None = None
    combinable: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code that the provider knows and that does not apply.

    Args:
        code: The code.
        reason: Why, for programs.
        detail: Why, as a sentence for customers.
    """

    code: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Discounted:
    """The reductions of a basket, and the codes that do not apply.

    A code of the basket that is in neither is unknown to the provider.
    """

    reductions: tuple[Reduction, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """What a reduction has taken off an order: more than 0 minor units."""

    id: str
    code: str | None
    amount: int


class DiscountGone(Exception):
    """A reduction can no longer be redeemed: its last use went to another order."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        codes = ", ".join(refusal.code for refusal in refusals)
        super().__init__(f"discounts that are gone: {codes}")
        self.refusals = tuple(refusals)


class Discounts(Protocol):
    """Reduces prices, and counts the uses of its reductions."""

    def quote(self, basket: Basket) -> Discounted:
        """Return the reductions of a basket. Writes nothing; at most one SELECT.

        Conditions, such as a minimum, are judged by listed amounts.

        Args:
            basket: Its codes are those that no provider before has answered.
        """
        ...

    def redeem(
        self, reference: UUID, uses: Sequence[Use], basket: Basket
    ) -> Literal["redeemed", "already"]:
        """Count the uses of an order, in the transaction that places it; once by reference.

        Args:
            reference: Id of the order.
            uses: Reductions of this provider that had an effect, automatic ones included.
            basket: What is bought.

        Raises:
            DiscountGone: A limit was reached meanwhile; nothing was counted.
        """
        ...

    def give_back(self, reference: UUID) -> bool:
        """Take back the uses of an order that was canceled or has expired.

        An unknown reference is recorded, so that a late :meth:`redeem` with it raises.

        Returns:
            True for the first call with this reference, then False.
        """
        ...
