"""Worked examples of prices, in minor units."""

from dataclasses import dataclass

import pytest

from mercato_orders.errors import AmountTooLarge
from mercato_orders.pricing import NotCombinable, add_tax, take_off

from .baskets import basket, free_shipping, off, percent, tax, taxes

VAT = tax(19)
LARGEST = 2**53 - 1
NO_TAX = None


@dataclass(frozen=True)
class Example:
    """A basket, what is taken off and added, and the result.

    Args:
        basket: The basket.
        offered: Reductions of providers, in order.
        taxes: Rates of the lines; None without taxes.
        discounts: The discount of each line.
        tax: The tax of each line.
        tax_of_shipping: The tax of shipping.
        total: What is to be paid.
        more: Further arguments of :func:`.baskets.taxes`.
    """

    basket: object
    offered: tuple = ()
    taxes: tuple | None = None
    discounts: list | None = None
    tax: list | None = None
    tax_of_shipping: int = 0
    total: int = 0
    more: dict | None = None

    def price(self):
        """Price the basket."""
        reduced = take_off(self.basket, self.offered)
        made = taxes(self.basket, *self.taxes, **self.more or {}) if self.taxes else None
        return add_tax(reduced, made, "taxes")


ON_TOP = {"included": False}
SOLO = {"combinable": False}

EXAMPLES = {
    "1: a sum is divided, and the cent goes to the first line": Example(
        basket(1000, 1000, 1000), (off(1000),), discounts=[334, 333, 333], total=2000
    ),
    "2: percent, shipping, tax on top": Example(
        basket((999, 3), 1, ship=490),
        (percent(10),),
        (VAT,),
        [300, 0],
        [512, 0],
        93,
        3793,
        ON_TOP,
    ),
    "3: the same with tax included": Example(
        basket((999, 3), 1, ship=490), (percent(10),), (VAT,), [300, 0], [431, 0], 78, 3188
    ),
    "4: two rates": Example(
        basket((2500, 2), 1299, ship=490),
        (off(500),),
        (VAT, tax(7)),
        [397, 103],
        [735, 78],
        78,
        6289,
        {"shipping": VAT},
    ),
    "5: percent of what is left": Example(
        basket(10000), (percent(10), percent(10, code="B")), discounts=[1900], total=8100
    ),
    "6: the line first, then the order": Example(
        basket((1000, 10)),
        (percent(70), percent(40, lines=(0,))),
        discounts=[8200],
        total=1800,
    ),
    "7: no line goes below zero": Example(
        basket(700, 200, ship=490), (off(5000),), (VAT,), [700, 200], [0, 0], 78, 490
    ),
    "8: shipping is free once": Example(
        basket(2000, ship=1314, codes=("A", "B")),
        (free_shipping(code="A"), free_shipping(code="B")),
        (tax(20),),
        [0],
        [400],
        0,
        2400,
        ON_TOP,
    ),
    "9: everything is free": Example(
        basket(39900, ship=490), (percent(100), free_shipping()), discounts=[39900], total=0
    ),
    "10: a currency without decimals": Example(
        basket((333, 3), 1, ship=500, currency="JPY"),
        (percent(15),),
        (tax(10),),
        [150, 0],
        [85, 0],
        50,
        1485,
        ON_TOP,
    ),
    "11: a currency with three decimals": Example(
        basket((1005, 7), ship=2500, currency="KWD"),
        (off(333),),
        (tax(5),),
        [333],
        [335],
        125,
        9662,
        ON_TOP,
    ),
    "12: tax is rounded for each line": Example(
        basket(*[105] * 10), (), (tax(10),), [0] * 10, [11] * 10, 0, 1160, ON_TOP
    ),
    "13: tax is rounded for each rate": Example(
        basket(*[105] * 10),
        (),
        (tax(10),),
        [0] * 10,
        [11] * 5 + [10] * 5,
        0,
        1155,
        {"included": False, "rounding": "rate"},
    ),
    "15: a code that is not combinable replaces automatic reductions": Example(
        basket(5000, codes=("SOLO",)),
        (percent(10), percent(5, code="SOLO", **SOLO)),
        discounts=[250],
        total=4750,
    ),
    "16: of automatic reductions the greatest effect wins": Example(
        basket(5000),
        (percent(5), off(100), percent(10, **SOLO)),
        discounts=[500],
        total=4500,
    ),
    "17: tax that is not due comes off": Example(
        basket(11900, (2500, 3), ship=490),
        (percent(10),),
        (tax(0, relief=19),),
        [2900, 1828],
        [0, 0],
        0,
        15084,
    ),
    "18: the tax is rounded, and net is the rest": Example(
        basket(1600), (), (VAT,), [0], [255], 0, 1600
    ),
    "19: two sums": Example(
        basket((1056, 3), 6000), (off(2000), off(7000)), discounts=[3110, 5890], total=168
    ),
    "20: tax is computed for the line and not for the unit": Example(
        basket((7000, 3)), (off(500),), (tax(20),), [500], [4100], 0, 24600, ON_TOP
    ),
    "21: a maximum holds for the whole reduction": Example(
        basket(30000, 15000), (percent(10, at_most=2000),), discounts=[1333, 667], total=43000
    ),
    "22: a free line takes part": Example(
        basket(0, 1000, (500, 2)), (off(333),), discounts=[0, 167, 166], total=1667
    ),
    "23: several rates of one line": Example(
        basket(34900), (), (tax(6.25, 1, 1),), [0], [2879], 0, 37779, ON_TOP
    ),
    "24: tax in the largest amount is exact": Example(
        basket(LARGEST), (), (VAT,), [0], [1438124250756965], 0, LARGEST
    ),
    "25: three for two, then percent": Example(
        basket((1500, 3), 999),
        (off(1500, lines=(0,)), percent(10)),
        (tax(20),),
        [1800, 100],
        [450, 150],
        0,
        3599,
    ),
}


class TestExamples:
    @pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
    def test_prices(self, example):
        """Discounts, taxes and the total are as computed by hand."""
        priced = example.price()

        assert [one.amount_discount for one in priced.basket.lines] == example.discounts
        if example.tax:
            assert list(priced.line_taxes) == example.tax
        assert priced.shipping_tax == example.tax_of_shipping
        assert priced.amount_total == example.total

    def test_14_a_code_that_is_not_combinable_beside_another(self):
        """A code that is not combinable is refused beside another one."""
        offered = (percent(20, code="SOLO", **SOLO), off(100, code="TWO"))

        with pytest.raises(NotCombinable) as refused:
            take_off(basket(5000, codes=("SOLO", "TWO")), offered)

        assert refused.value.code == "SOLO"

    def test_8_the_second_code_has_no_effect(self):
        """A code that takes nothing off is named, and it is not used."""
        reduced = take_off(
            basket(2000, ship=1314, codes=("A", "B")),
            (free_shipping(code="A"), free_shipping(code="B")),
        )

        assert reduced.without_effect == ("B",)
        assert [use.amount for _, use in reduced.uses] == [1314]

    def test_17_relief_of_shipping(self):
        """Shipping is charged without the tax that is not due."""
        assert EXAMPLES["17: tax that is not due comes off"].price().amount_shipping == 412

    def test_23_the_tax_is_divided_between_its_rates(self):
        """Each rate has its share, and the shares add up."""
        priced = EXAMPLES["23: several rates of one line"].price()

        assert [one.amount for one in priced.adjustments] == [2181, 349, 349]

    def test_24_a_total_that_is_too_large(self):
        """A tax that makes the total larger than 2^53 - 1 is refused."""
        large = basket(LARGEST)

        with pytest.raises(AmountTooLarge):
            add_tax(take_off(large, ()), taxes(large, tax(0.0001), included=False))
