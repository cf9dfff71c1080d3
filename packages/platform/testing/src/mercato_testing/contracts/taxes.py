"""The suite of the contract ``taxes``."""

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import pytest

from mercato_contracts.answers import wrong_assessment
from mercato_contracts.baskets import Basket
from mercato_contracts.taxes import Assessment, Taxes
from mercato_testing.contracts.baskets import many_lines, sample_basket
from mercato_testing.contracts.statements import too_many
from mercato_testing.findings import assert_that, none_of
from mercato_testing.staged import Commit
from mercato_testing.statements import StatementCounter


class TaxesSuite:
    """Tests of a provider of taxes. It is local: one that asks another machine needs a fake of it.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], Taxes]]

    @pytest.fixture
    def basket(self) -> Basket:
        """Return a basket that the provider knows the taxes of. Override this to make its rows."""
        return sample_basket()

    def test_answers_each_part(self, commit: Commit, basket: Basket) -> None:
        """There is a tax for each line and for shipping, with rates and reasons of the contract."""
        none_of(wrong_assessment(basket, commit(self._assess, basket)))

    def test_has_none_for_shipping_where_nothing_is_shipped(
        self, commit: Commit, basket: Basket
    ) -> None:
        """Without a shipping method, there is no tax of shipping."""
        unshipped = dataclasses.replace(basket, shipping=None)

        none_of(wrong_assessment(unshipped, commit(self._assess, unshipped)))

    def test_follows_the_order_of_the_lines(self, commit: Commit, basket: Basket) -> None:
        """The taxes of a line do not depend on its place in the basket."""
        turned = dataclasses.replace(basket, lines=basket.lines[::-1])

        forth, back = (commit(self._assess, asked) for asked in (basket, turned))

        assert_that(
            back.lines == forth.lines[::-1], f"{back.lines} is not {forth.lines} from the end"
        )

    def test_estimates_without_an_address(self, commit: Commit, basket: Basket) -> None:
        """Without an address, the answer says that it is an estimate; with one, that it is none."""
        nowhere = dataclasses.replace(basket, shipping_address=None, billing_address=None)

        known, unknown = (commit(self._assess, asked) for asked in (basket, nowhere))

        none_of(wrong_assessment(nowhere, unknown))
        assert_that(unknown.estimated, "estimated is False without an address")
        assert_that(not known.estimated, "estimated is True with an address")

    def test_sends_one_select_at_most(
        self, commit: Commit, statements: StatementCounter, basket: Basket
    ) -> None:
        """The number of statements is 0 or 1, whatever the number of lines."""
        none_of(too_many(statements, lambda: commit(self._assess, many_lines(basket))))

    def _assess(self, basket: Basket) -> Assessment:
        return type(self).provider().assess(basket)
