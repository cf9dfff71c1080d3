"""The suite of the contract taxes."""

import dataclasses

import pytest
import sqlalchemy as sa

from mercato_contracts.answers import wrong_assessment
from mercato_contracts.taxes import Assessment, Rate, Tax
from mercato_kit.db import session
from mercato_testing.contracts import TaxesSuite
from mercato_testing.contracts.baskets import sample_basket
from mercato_testing.samples.notes import feature  # noqa: F401 - under test

STANDARD = Tax((Rate("de-standard", "VAT 19 %", 190_000),))


class FlatTaxes:
    """Takes 19 % of everything."""

    def assess(self, basket):
        """Return the same tax for all parts."""
        return Assessment(
            included=True,
            lines=tuple(STANDARD for _ in basket.lines),
            shipping=basket.shipping and STANDARD,
            estimated=basket.shipping_address is None,
        )


def run(function, *arguments):
    """Call a function, as ``commit`` does."""
    return function(*arguments)


def suite_of(change):
    """Return the suite of a provider whose answers *change* spoils."""

    class Spoiled(FlatTaxes):
        def assess(self, basket):
            return change(basket, super().assess(basket))

    class Suite(TaxesSuite):
        provider = Spoiled

    return Suite()


class TestAGoodProvider(TaxesSuite):
    provider = FlatTaxes


class TestTaxesSuite:
    @pytest.mark.parametrize(
        "changes",
        [
            {"lines": ()},
            {"shipping": None},
            {"rounding": "unit"},
            {"lines": (STANDARD, Tax(()))},
            {"lines": (STANDARD, Tax(STANDARD.rates, amount=-1))},
            {"lines": (STANDARD, Tax(STANDARD.rates, relief_ppm=-1))},
            {"included": False, "shipping": Tax(STANDARD.rates, relief_ppm=1)},
            {"shipping": Tax((Rate("x", "VAT", 10_000_001),))},
            {"shipping": Tax((Rate("x", "VAT", 0, "free"),))},
            {"shipping": Tax((Rate("x", "", 0),))},
        ],
    )
    def test_finds_wrong_assessment(self, changes):
        """Each value that the contract excludes is found."""
        suite = suite_of(lambda _basket, answer: dataclasses.replace(answer, **changes))

        with pytest.raises(pytest.fail.Exception):
            suite.test_answers_each_part(run, sample_basket())

    def test_finds_a_tax_of_no_shipping(self):
        """A tax of shipping where nothing is shipped is found."""
        suite = suite_of(lambda _basket, answer: dataclasses.replace(answer, shipping=STANDARD))

        with pytest.raises(pytest.fail.Exception, match="shipping: "):
            suite.test_has_none_for_shipping_where_nothing_is_shipped(run, sample_basket())

    def test_finds_taxes_by_place(self):
        """Taxes that depend on the place of a line are found."""
        other = Tax((Rate("de-reduced", "VAT 7 %", 70_000),))
        suite = suite_of(
            lambda _basket, answer: dataclasses.replace(answer, lines=(STANDARD, other))
        )

        with pytest.raises(pytest.fail.Exception, match="from the end"):
            suite.test_follows_the_order_of_the_lines(run, sample_basket())

    @pytest.mark.parametrize("estimated", [True, False])
    def test_finds_a_wrong_estimate(self, estimated):
        """An estimate that is not said, and one that is none, are found."""
        suite = suite_of(lambda _basket, answer: dataclasses.replace(answer, estimated=estimated))

        with pytest.raises(pytest.fail.Exception, match="estimated is "):
            suite.test_estimates_without_an_address(run, sample_basket())

    def test_finds_a_statement_for_each_line(self, commit, statements):
        """More statements than one, and a statement that is no SELECT, are found."""

        def by_line(basket, answer):
            for line in basket.lines:
                session.execute(sa.select(sa.literal(line.position)))
            return answer

        with pytest.raises(pytest.fail.Exception, match="not one SELECT at most"):
            suite_of(by_line).test_sends_one_select_at_most(commit, statements, sample_basket())

    def test_accepts_good_values(self):
        """An answer with all members is accepted."""
        basket = sample_basket()
        relieved = Tax((Rate("export", "Export", 0, "export"),), relief_ppm=190_000)
        answer = Assessment(
            included=True, lines=(STANDARD, relieved), shipping=relieved, rounding="rate"
        )

        assert list(wrong_assessment(basket, answer)) == []
