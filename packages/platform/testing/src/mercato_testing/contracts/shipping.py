"""The suite of the contract ``shipping``."""

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import pytest

from mercato_contracts.answers import wrong_methods
from mercato_contracts.baskets import Basket
from mercato_contracts.shipping import Method, Shipping
from mercato_testing.contracts.baskets import many_lines, sample_basket
from mercato_testing.contracts.statements import too_many
from mercato_testing.findings import assert_that, none_of
from mercato_testing.staged import Commit
from mercato_testing.statements import StatementCounter


class ShippingSuite:
    """Tests of a provider of shipping methods.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], Shipping]]

    @pytest.fixture
    def basket(self) -> Basket:
        """Return a basket that the provider sends. Override this to make its rows."""
        return sample_basket(shipping=None)

    def test_offers_methods(self, commit: Commit, basket: Basket) -> None:
        """There is a method, and its code, amount and days are those of the contract."""
        methods = commit(self._methods, basket)

        assert_that(methods, "there is no method for the basket")
        none_of(wrong_methods(methods))

    def test_does_not_depend_on_the_order_of_the_lines(
        self, commit: Commit, basket: Basket
    ) -> None:
        """Methods and amounts are the same for the lines in any order."""
        turned = dataclasses.replace(basket, lines=basket.lines[::-1])

        forth, back = (commit(self._methods, asked) for asked in (basket, turned))

        assert_that(forth == back, f"{back} is not {forth}")

    def test_answers_alike_twice(self, commit: Commit, basket: Basket) -> None:
        """A repeated question has the same answer, so that a chosen method can be found again."""
        first, again = (commit(self._methods, basket) for _ in range(2))

        assert_that(first == again, f"{again} is not {first}")

    def test_sends_one_select_at_most(
        self, commit: Commit, statements: StatementCounter, basket: Basket
    ) -> None:
        """The number of statements is 0 or 1, whatever the number of lines."""
        none_of(too_many(statements, lambda: commit(self._methods, many_lines(basket))))

    def _methods(self, basket: Basket) -> tuple[Method, ...]:
        return type(self).provider().methods(basket)
