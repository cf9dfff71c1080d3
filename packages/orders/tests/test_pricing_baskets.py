"""Ten thousand baskets: sums, bounds, and the same price for the lines in any order."""

from dataclasses import replace
from random import Random

from mercato_contracts.discounts import Reduction
from mercato_contracts.taxes import Assessment, Rate, Tax
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_orders.errors import AmountTooLarge
from mercato_orders.pricing import Offered, add_tax, take_off

from .baskets import basket

BASKETS = 10_000
RATES = (0, 70_000, 190_000, 250_000, 62_500)


def draw_basket(random):
    """Draw a basket of 1 to 100 lines; one of a hundred costs up to 2^53."""
    count = random.choice([1, 1, 2, 2, 3, 3, 4, 5, 8, 100] if random.random() < 0.1 else [1, 2, 3])
    most = MAX_SAFE_INTEGER if random.random() < 0.01 else 10 ** random.randint(0, 7)
    lines = [(random.randint(0, most), random.randint(1, 9)) for _ in range(count)]
    return basket(*lines, ship=random.choice([None, 0, 490, 1_314]))


def draw_reductions(random, of):
    """Draw up to three reductions of all lines, of some or of shipping."""
    return [draw_reduction(random, number, len(of.lines)) for number in range(random.randint(0, 3))]


def draw_reduction(random, number, lines):
    """Draw a reduction, in percent or by an amount."""
    some = tuple(sorted(random.sample(range(lines), random.randint(1, lines))))
    takes = random.choice([{"ppm": random.randint(1, 10**6)}, {"amount": random.randint(1, 9_999)}])
    reduction = Reduction(
        id=f"r{number}",
        label="Reduction",
        off=random.choice(["lines", "lines", "shipping"]),
        lines=random.choice([None, some]),
        at_most=random.choice([None, None, random.randint(1, 500)]),
        combinable=random.random() < 0.9,
        **takes,
    )
    return Offered(random.choice(["loyalty", "vouchers"]), reduction)


def draw_taxes(random, of):
    """Draw taxes of each line."""
    lines = tuple(
        Tax(
            (Rate("a", "A", random.choice(RATES)), Rate("b", "B", random.choice(RATES))),
            relief_ppm=random.choice([0, 0, 190_000]),
        )
        for _ in of.lines
    )
    return Assessment(
        included=random.random() < 0.5,
        lines=lines,
        shipping=lines[0] if of.shipping else None,
        rounding=random.choice(["line", "rate"]),
    )


def turned(of, offered, assessment):
    """Return the same purchase with its lines listed the other way round."""
    last = len(of.lines) - 1
    lines = tuple(replace(line, position=last - line.position) for line in reversed(of.lines))
    reductions = [
        replace(one, reduction=replace(one.reduction, lines=_turned(one.reduction.lines, last)))
        for one in offered
    ]
    return (
        replace(of, lines=lines),
        reductions,
        replace(assessment, lines=assessment.lines[::-1]),
    )


def _turned(lines, last):
    return None if lines is None else tuple(last - line for line in lines)


def price(of, offered, assessment):
    """Return the price; None if it is too large."""
    try:
        return add_tax(take_off(of, offered), assessment, "taxes")
    except AmountTooLarge:
        return None


class TestTenThousandBaskets:
    def test_add_up(self):
        """Each total is the sum of its parts, no part is below 0, and the order means nothing."""
        random = Random(20_301)  # noqa: S311 - the same baskets each time
        priced = 0

        for _ in range(BASKETS):
            of = draw_basket(random)
            purchase = of, draw_reductions(random, of), draw_taxes(random, of)
            first, second = price(*purchase), price(*turned(*purchase))

            assert (first is None) is (second is None)
            if first is None or second is None:
                continue
            priced += 1
            lines, shipping = first.basket.lines, first.basket.shipping
            on_top = 0 if first.tax_included else first.amount_tax
            charged = shipping.amount if shipping else 0
            assert first.amount_total == sum(line.amount for line in lines) + charged + on_top
            assert all(0 <= line.amount <= line.amount_subtotal for line in lines)
            parts = sum(part.amount for part in first.adjustments)
            contained = first.amount_tax if first.tax_included else 0
            assert first.amount_total == first.amount_subtotal + parts - contained
            assert second.amount_total == first.amount_total
            assert [line.amount for line in second.basket.lines] == [
                line.amount for line in lines[::-1]
            ]
        assert priced > BASKETS * 0.98
