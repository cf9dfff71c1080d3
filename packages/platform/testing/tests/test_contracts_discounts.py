"""The suites of the contract discounts."""

import dataclasses
import itertools

import pytest
import sqlalchemy as sa

from mercato_contracts.discounts import Discounted, DiscountGone, Reduction, Refusal
from mercato_kit.db import session
from mercato_testing.contracts import DiscountsSuite, LimitedDiscountsSuite
from mercato_testing.contracts.baskets import sample_basket
from mercato_testing.samples.notes import feature  # noqa: F401 - under test

from .test_contracts_taxes import run

TEN = Reduction("ten", "10 % off", ppm=100_000)


class Tens:
    """Takes 10 % off everything."""

    def quote(self, basket):
        """Return one reduction."""
        return Discounted((TEN,))

    def redeem(self, reference, uses, basket):
        """Do nothing: there is no limit."""
        return "redeemed"

    def give_back(self, reference):
        """Do nothing."""
        return True


class OneUse:
    """The code ONCE takes 10 % off an order; uses are kept in memory."""

    def __init__(self):
        self.orders = {}

    def quote(self, basket):
        """Answer the code."""
        if "ONCE" not in basket.codes:
            return Discounted()
        if self.left():
            return Discounted((dataclasses.replace(TEN, code="ONCE"),))
        return Discounted(refusals=(self.refusal(),))

    def redeem(self, reference, uses, basket):
        """Count the use."""
        known = self.orders.get(reference)
        if known == "redeemed":
            return "already"
        if known == "canceled" or not self.left():
            raise DiscountGone([self.refusal()])
        self.orders[reference] = "redeemed"
        return "redeemed"

    def give_back(self, reference):
        """Free the use."""
        before = self.orders.get(reference)
        self.orders[reference] = "canceled"
        return before != "canceled"

    def left(self):
        """Return whether the use is free."""
        return "redeemed" not in self.orders.values()

    def refusal(self):
        """Return the refusal of the code."""
        return Refusal("ONCE", "used_up", "This code was used up.")


def suite_of(kind, suite=DiscountsSuite):
    """Return a suite of one provider of a class."""
    made = kind()

    class Suite(suite):
        provider = staticmethod(lambda: made)

    return Suite()


def once():
    """Return a basket with the code ONCE."""
    return sample_basket(shipping=None, codes=("ONCE",))


class TestAGoodProvider(DiscountsSuite):
    provider = Tens


class TestAGoodProviderWithALimit(LimitedDiscountsSuite):
    @pytest.fixture(autouse=True)
    def _a_provider_each(self):
        made = OneUse()
        type(self).provider = staticmethod(lambda: made)

    @pytest.fixture
    def basket(self):
        """A basket with the code."""
        return once()


class TestDiscountsSuite:
    @pytest.mark.parametrize(
        "answer",
        [
            Discounted(),
            Discounted((dataclasses.replace(TEN, ppm=None),)),
            Discounted((dataclasses.replace(TEN, lines=(7,)),)),
            Discounted((TEN,), (Refusal("OLD", "expired", "It has expired."),)),
        ],
    )
    def test_finds_wrong_values(self, answer):
        """Each value that the contract excludes is found."""

        class Wrong(Tens):
            def quote(self, basket):
                return answer

        with pytest.raises(pytest.fail.Exception):
            suite_of(Wrong).test_reduces(run, sample_basket())

    def test_finds_answers_to_unknown_codes(self):
        """A provider that refuses what it does not know takes codes from others."""

        class Greedy(Tens):
            def quote(self, basket):
                refusals = (Refusal(code, "expired", "No.") for code in basket.codes)
                return Discounted((TEN,), tuple(refusals))

        with pytest.raises(pytest.fail.Exception, match="unknown code"):
            suite_of(Greedy).test_leaves_unknown_codes_to_others(run, sample_basket())

    def test_finds_answers_that_depend_on_the_order(self):
        """Reductions that depend on the order of the lines are found."""

        class First(Tens):
            def quote(self, basket):
                lines = (basket.lines[0].position,)
                return Discounted((dataclasses.replace(TEN, lines=lines),))

        with pytest.raises(pytest.fail.Exception, match=" is not "):
            suite_of(First).test_does_not_depend_on_the_order_of_the_lines(run, sample_basket())

    def test_finds_ids_that_change(self):
        """A provider that answers otherwise the second time is found."""
        numbers = itertools.count()

        class Random(Tens):
            def quote(self, basket):
                return Discounted((dataclasses.replace(TEN, id=f"{next(numbers)}"),))

        with pytest.raises(pytest.fail.Exception, match=" is not "):
            suite_of(Random).test_answers_alike_twice(run, sample_basket())

    def test_finds_statements(self, commit, statements):
        """More statements than those of the contract are found."""

        class Chatty(Tens):
            def quote(self, basket):
                return self.send(len(basket.lines), super().quote(basket))

            def redeem(self, reference, uses, basket):
                return self.send(3, "redeemed")

            def send(self, count, answer):
                for _ in range(count):
                    session.execute(sa.select(sa.literal(1)))
                return answer

        suite = suite_of(Chatty)
        with pytest.raises(pytest.fail.Exception, match="not one SELECT at most"):
            suite.test_sends_one_select_at_most(commit, statements, sample_basket())
        with pytest.raises(pytest.fail.Exception, match="more than 2"):
            suite.test_redeems_in_two_statements(commit, statements, sample_basket())

    def test_finds_results_of_other_kinds(self):
        """A provider that does not say whether it gave back is found."""

        class Silent(Tens):
            def give_back(self, reference):
                return None

        with pytest.raises(pytest.fail.Exception, match="returned None"):
            suite_of(Silent).test_gives_back(run, sample_basket())


class Unlimited(OneUse):
    """Redeems more often than once."""

    def left(self):
        """Return whether the use is free."""
        return True


class Forgetful(OneUse):
    """Does not know the orders that have redeemed."""

    def redeem(self, reference, uses, basket):
        """Count the use."""
        if not self.left():
            raise DiscountGone([self.refusal()])
        return super().redeem(reference, uses, basket)


class Generous(OneUse):
    """Frees a use for an order that had none."""

    def give_back(self, reference):
        """Free the use."""
        result = super().give_back(reference)
        self.orders = dict.fromkeys(self.orders, "canceled")
        return result


class Repeating(OneUse):
    """Gives back again and again."""

    def give_back(self, reference):
        """Free the use."""
        super().give_back(reference)
        return True


class Unmarked(OneUse):
    """Does not remember the cancellation of an unknown order."""

    def give_back(self, reference):
        """Free the use."""
        known = reference in self.orders
        result = super().give_back(reference)
        if not known:
            del self.orders[reference]
        return result


class TestLimitedDiscountsSuite:
    @pytest.mark.parametrize(
        ("kind", "test"),
        [
            (Unlimited, "test_the_last_use_goes_to_one_order"),
            (Forgetful, "test_redeems_once_by_reference"),
            (Generous, "test_a_refusal_counts_nothing"),
            (Repeating, "test_gives_back_once"),
            (Unmarked, "test_an_order_can_be_canceled_first"),
        ],
    )
    def test_finds_broken_limits(self, kind, test):
        """Each promise about limits has a provider that breaks it, and is found."""
        broken = getattr(suite_of(kind, LimitedDiscountsSuite), test)

        with pytest.raises((pytest.fail.Exception, DiscountGone)):
            broken(run, once())

        getattr(suite_of(OneUse, LimitedDiscountsSuite), test)(run, once())
