"""The suite of the contract shipping."""

import itertools

import pytest
import sqlalchemy as sa

from mercato_contracts.shipping import Method
from mercato_kit.db import session
from mercato_testing.contracts import ShippingSuite
from mercato_testing.contracts.baskets import sample_basket
from mercato_testing.samples.notes import feature  # noqa: F401 - under test

from .test_contracts_taxes import run

STANDARD = Method("standard", "Standard", 490, days_min=2, days_max=3)


class FlatShipping:
    """Sends everything for the same price."""

    def methods(self, basket):
        """Return one method."""
        return (STANDARD,)


def suite_of(answer):
    """Return the suite of a provider that answers what a function returns."""

    class Spoiled(FlatShipping):
        def methods(self, basket):
            return answer(basket)

    class Suite(ShippingSuite):
        provider = Spoiled

    return Suite()


class TestAGoodProvider(ShippingSuite):
    provider = FlatShipping


class TestShippingSuite:
    @pytest.mark.parametrize(
        "methods",
        [
            (),
            (STANDARD, STANDARD),
            (Method("", "Standard", 490),),
            (Method("standard", "Standard", -1),),
            (Method("standard", "Standard", 490, days_min=-1),),
            (Method("standard", "Standard", 490, days_min=3, days_max=2),),
        ],
    )
    def test_finds_wrong_methods(self, methods):
        """Each value that the contract excludes is found."""
        with pytest.raises(pytest.fail.Exception):
            suite_of(lambda _basket: methods).test_offers_methods(run, sample_basket())

    def test_finds_answers_that_depend_on_the_order(self):
        """Methods that depend on the order of the lines are found."""
        suite = suite_of(lambda basket: (Method("first", basket.lines[0].sku, 490),))

        with pytest.raises(pytest.fail.Exception, match=" is not "):
            suite.test_does_not_depend_on_the_order_of_the_lines(run, sample_basket())

    def test_finds_answers_that_change(self):
        """A provider that answers otherwise the second time is found."""
        amounts = itertools.count()
        suite = suite_of(lambda _basket: (Method("standard", "Standard", next(amounts)),))

        with pytest.raises(pytest.fail.Exception, match=" is not "):
            suite.test_answers_alike_twice(run, sample_basket())

    def test_finds_a_statement_for_each_line(self, commit, statements):
        """More statements than one are found."""

        def by_line(basket):
            for line in basket.lines:
                session.execute(sa.select(sa.literal(line.position)))
            return (STANDARD,)

        with pytest.raises(pytest.fail.Exception, match="not one SELECT at most"):
            suite_of(by_line).test_sends_one_select_at_most(commit, statements, sample_basket())
