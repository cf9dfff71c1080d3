"""The suites of the contract ``discounts``."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import ClassVar, get_args
from uuid import UUID

import pytest

from mercato_contracts.answers import wrong_discounts
from mercato_contracts.baskets import Basket
from mercato_contracts.discounts import Discounted, DiscountGone, Discounts, Reason, Refusal, Use
from mercato_kit.db import new_id
from mercato_testing.contracts.baskets import many_lines, sample_basket, sample_line
from mercato_testing.contracts.statements import too_many
from mercato_testing.findings import assert_that, none_of
from mercato_testing.staged import Commit
from mercato_testing.statements import StatementCounter

UNKNOWN = "NO-PROVIDER-HAS-THIS-CODE"
MOST_STATEMENTS = 2
"""Statements of a redemption."""


class DiscountsSuite:
    """Tests of a provider of discounts.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], Discounts]]

    @pytest.fixture
    def basket(self) -> Basket:
        """Return a basket that the provider reduces. Override this to make its rows."""
        lines = (sample_line(0), sample_line(1, unit_amount=900, quantity=3))
        return sample_basket(lines=lines, shipping=None)

    def test_reduces(self, commit: Commit, basket: Basket) -> None:
        """There is a reduction, and its values are those of the contract."""
        answer = commit(self._quote, basket)

        assert_that(answer.reductions, "there is no reduction of the basket")
        none_of(wrong_discounts(basket, answer))

    def test_leaves_unknown_codes_to_others(self, commit: Commit, basket: Basket) -> None:
        """A code that the provider does not know is in no part of the answer."""
        asked = dataclasses.replace(basket, codes=(UNKNOWN,))

        answer = commit(self._quote, asked)

        known = {one.code for one in answer.reductions} | {one.code for one in answer.refusals}
        assert_that(UNKNOWN not in known, f"an unknown code is answered: {answer}")
        none_of(wrong_discounts(asked, answer))

    def test_does_not_depend_on_the_order_of_the_lines(
        self, commit: Commit, basket: Basket
    ) -> None:
        """The answer is the same for the lines in any order: their position names them."""
        turned = dataclasses.replace(basket, lines=basket.lines[::-1])

        forth, back = (_unordered(commit(self._quote, asked)) for asked in (basket, turned))

        assert_that(forth == back, f"{back} is not {forth}")

    def test_answers_alike_twice(self, commit: Commit, basket: Basket) -> None:
        """A repeated question has the same answer, with the same ids."""
        first, again = (commit(self._quote, basket) for _ in range(2))

        assert_that(first == again, f"{again} is not {first}")

    def test_sends_one_select_at_most(
        self, commit: Commit, statements: StatementCounter, basket: Basket
    ) -> None:
        """A quote sends no statement or a SELECT, whatever the number of lines."""
        none_of(too_many(statements, lambda: commit(self._quote, many_lines(basket))))

    def test_redeems_in_two_statements(
        self, commit: Commit, statements: StatementCounter, basket: Basket
    ) -> None:
        """An order can be placed with the reductions of a quote, with two statements at most."""
        uses = uses_of(commit(self._quote, basket))

        with statements as sent:
            result = commit(self._redeem, new_id(), uses, basket)

        assert_that(result == "redeemed", f"redeem() returned {result!r}")
        assert_that(len(sent) <= MOST_STATEMENTS, f"more than {MOST_STATEMENTS}: {sent}")

    def test_gives_back(self, commit: Commit, basket: Basket) -> None:
        """The first call that gives an order's uses back returns True, and no call raises."""
        reference = new_id()
        commit(self._redeem, reference, uses_of(commit(self._quote, basket)), basket)

        first, again = (commit(self._give_back, reference) for _ in range(2))

        assert_that(first is True, f"give_back() returned {first!r}")
        assert_that(isinstance(again, bool), f"give_back() returned {again!r}")

    def _quote(self, basket: Basket) -> Discounted:
        return type(self).provider().quote(basket)

    def _redeem(self, reference: UUID, uses: Sequence[Use], basket: Basket) -> str:
        return type(self).provider().redeem(reference, uses, basket)

    def _give_back(self, reference: UUID) -> bool:
        return type(self).provider().give_back(reference)


class LimitedDiscountsSuite(DiscountsSuite):
    """Tests of a provider whose reductions can be used up.

    The fixture ``basket`` is overridden: a reduction of it has a code, and one use left.
    """

    def test_the_last_use_goes_to_one_order(self, commit: Commit, basket: Basket) -> None:
        """A second order is refused with its code and a reason, and a later quote, too."""
        uses = uses_of(commit(self._quote, basket))
        commit(self._redeem, new_id(), uses, basket)

        gone = commit(self._refusals, new_id(), uses, basket)
        refused = commit(self._quote, basket).refusals

        none_of(_wrong_refusals("redeem()", gone, uses))
        none_of(_wrong_refusals("quote()", refused, uses))

    def test_redeems_once_by_reference(self, commit: Commit, basket: Basket) -> None:
        """A repeated call returns ``already``: it needs no second use."""
        uses = uses_of(commit(self._quote, basket))
        reference = new_id()

        commit(self._redeem, reference, uses, basket)
        again = commit(self._redeem, reference, uses, basket)

        assert_that(again == "already", f"the second redeem() returned {again!r}")

    def test_a_refusal_counts_nothing(self, commit: Commit, basket: Basket) -> None:
        """An order that was refused and committed has nothing to give back but its mark."""
        uses = uses_of(commit(self._quote, basket))
        first, second = new_id(), new_id()
        commit(self._redeem, first, uses, basket)
        commit(self._refusals, second, uses, basket)

        commit(self._give_back, second)
        again = commit(self._refusals, new_id(), uses, basket)

        assert_that(again is not None, "the refused order gave back a use that it never had")

    def test_gives_back_once(self, commit: Commit, basket: Basket) -> None:
        """The second call with a reference returns False."""
        reference = new_id()
        commit(self._redeem, reference, uses_of(commit(self._quote, basket)), basket)

        results = [commit(self._give_back, reference) for _ in range(2)]

        assert_that(results == [True, False], f"give_back() returned {results}")

    def test_an_order_can_be_canceled_first(self, commit: Commit, basket: Basket) -> None:
        """A reference that is given back before it is known is never redeemed."""
        uses = uses_of(commit(self._quote, basket))
        reference = new_id()

        results = [commit(self._give_back, reference) for _ in range(2)]
        late = commit(self._refusals, reference, uses, basket)
        other = commit(self._redeem, new_id(), uses, basket)

        assert_that(results == [True, False], f"give_back() returned {results}")
        assert_that(late is not None, "the late redeem() was not refused")
        assert_that(other == "redeemed", f"the use of another order: {other!r}")

    def _refusals(
        self, reference: UUID, uses: Sequence[Use], basket: Basket
    ) -> Sequence[Refusal] | None:
        """Return the refusals of a redemption; None if it is not refused."""
        try:
            self._redeem(reference, uses, basket)
        except DiscountGone as gone:
            return gone.refusals
        return None


def uses_of(answer: Discounted) -> list[Use]:
    """Return the uses of all reductions of an answer, with an effect of 1.00 each."""
    return [Use(reduction.id, reduction.code, 100) for reduction in answer.reductions]


def _unordered(answer: Discounted) -> tuple[frozenset[object], frozenset[object]]:
    """Return an answer without the order of its parts."""
    reductions = (
        dataclasses.replace(one, lines=one.lines and tuple(sorted(one.lines)))
        for one in answer.reductions
    )
    return frozenset(reductions), frozenset(answer.refusals)


def _wrong_refusals(
    where: str, refusals: Sequence[Refusal] | None, uses: Sequence[Use]
) -> list[str]:
    """Find why refusals do not say which code is used up."""
    if not refusals:
        return [f"{where} refused nothing after the last use"]
    codes = {use.code for use in uses}
    return [
        f"{where}: {refusal}"
        for refusal in refusals
        if refusal.code not in codes or refusal.reason not in get_args(Reason)
    ]
