"""The suite of the contract orders."""

from dataclasses import replace
from typing import ClassVar

import pytest

from mercato_contracts.baskets import Customer
from mercato_contracts.orders import (
    FieldFault,
    OrderLine,
    OrderRefused,
    Placed,
    Quoted,
    Record,
    Totals,
    Wanted,
    WantedLine,
)
from mercato_kit.db import new_id, utc_now
from mercato_testing.contracts import OrdersSuite
from mercato_testing.samples.notes import feature  # noqa: F401 - under test

LAMP = new_id()
WANTED = Wanted((WantedLine(LAMP, 1),), "EUR", Customer(new_id(), "ada@example.com"))
LINE = OrderLine(0, LAMP, LAMP, "LAMP", "Lamp", 1, 100, 100, 10, 18, 108)
TOTALS = Totals(
    currency="EUR",
    tax_included=False,
    amount_subtotal=100,
    amount_discount=10,
    amount_shipping=0,
    amount_tax=18,
    amount_rounding=0,
    amount_total=108,
)
QUOTED = Quoted(TOTALS, (LINE,), (), (), (), utc_now())


class ShopInMemory:
    """Keeps orders in memory, for all its instances."""

    placed: ClassVar = {}

    def quote(self, wanted, prepared=None):
        """Return the same price for everything."""
        if wanted.discount_codes:
            fault = FieldFault("/discount_codes/0", "unknown", "Unknown.")
            raise OrderRefused(422, "unknown_discount_code", [fault])
        return QUOTED

    def place(self, reference, wanted, prepared=None):
        """Place an order, once by reference."""
        if reference in self.placed:
            return replace(self.placed[reference], already=True)
        self.placed[reference] = Placed(new_id(), len(self.placed), 108, None, already=False)
        return self.placed[reference]

    def get_many(self, ids):
        """Return orders by id."""
        return {one.id: _record(one) for one in self.placed.values() if one.id in ids}

    def bought(self, customer, product_ids):
        """Return nothing: no order is paid."""
        return frozenset()


def _record(placed):
    states = "open", "unpaid", "unfulfilled"
    customer = WANTED.customer
    return Record(
        placed.id,
        placed.number,
        *states,
        utc_now(),
        customer.id,
        customer.email,
        None,
        TOTALS,
        (LINE,),
    )


def run(function, *arguments):
    """Call a function, as ``commit`` does."""
    return function(*arguments)


def suite_of(**methods):
    """Return the suite of a provider with other methods."""

    class Suite(OrdersSuite):
        provider = type("Spoiled", (ShopInMemory,), methods)

    return Suite()


class TestAGoodProvider(OrdersSuite):
    provider = ShopInMemory

    @pytest.fixture
    def wanted(self):
        """A lamp."""
        return WANTED


class TestOrdersSuite:
    @pytest.mark.parametrize(
        "totals",
        [
            replace(TOTALS, amount_total=107),
            replace(TOTALS, amount_subtotal=101, amount_total=109),
            replace(TOTALS, amount_discount=9, amount_total=109),
        ],
    )
    def test_finds_wrong_sums(self, totals):
        """Totals that are not the sum of their parts are found."""
        suite = suite_of(quote=lambda *_: replace(QUOTED, totals=totals))

        with pytest.raises(pytest.fail.Exception):
            suite.test_places_at_the_quoted_price(run, WANTED)

    def test_finds_another_price(self):
        """An order that costs something else than its quote is found."""
        suite = suite_of(place=lambda *_: Placed(new_id(), 1, 107, None, already=False))

        with pytest.raises(pytest.fail.Exception, match="107 is charged"):
            suite.test_places_at_the_quoted_price(run, WANTED)

    def test_finds_an_order_that_is_placed_twice(self):
        """A second order from one reference is found."""
        suite = suite_of(place=lambda *_: Placed(new_id(), 1, 108, None, already=False))

        with pytest.raises(pytest.fail.Exception, match=" is not "):
            suite.test_places_once_by_reference(run, WANTED)

    def test_finds_codes_that_are_ignored(self):
        """An unknown discount code that is not refused is found."""
        with pytest.raises(pytest.fail.Exception, match="is not refused"):
            suite_of(quote=lambda *_: QUOTED).test_refuses_with_pointers(run, WANTED)

    def test_finds_orders_that_are_missing(self, commit, statements):
        """An order that is not found by its id is found out."""
        with pytest.raises(pytest.fail.Exception, match=" instead of "):
            suite_of(get_many=lambda *_: {}).test_finds_orders_by_id(commit, statements, WANTED)

    def test_finds_what_is_bought_without_money(self, commit, statements):
        """A product that counts as bought before it is paid is found."""
        suite = suite_of(bought=lambda _self, _customer, ids: frozenset(ids))

        with pytest.raises(pytest.fail.Exception, match="the order is unpaid"):
            suite.test_has_not_sold_what_is_unpaid(commit, statements, WANTED)
