from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from mercato_contracts.discounts import Reduction
from mercato_contracts.orders import WantedLine
from mercato_contracts.taxes import Assessment, Rate, Tax
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_orders.errors import AmountTooLarge
from mercato_orders.pricing import Offered, add_tax, take_off
from mercato_orders.values import sum_quantities

from .baskets import basket

QUANTITIES = st.integers(1, 999)
LINES = st.lists(st.tuples(st.integers(0, 10**7), QUANTITIES), min_size=1, max_size=12)
RATES = st.sampled_from([0, 70_000, 190_000, 250_000, 62_500])


@st.composite
def reductions(draw, positions):
    """Draw one reduction, as a provider could offer it."""
    amount = draw(st.none() | st.integers(1, 10**6))
    lines = draw(st.none() | st.lists(st.sampled_from(positions), min_size=1, unique=True))
    return Offered(
        draw(st.sampled_from(["loyalty", "vouchers"])),
        Reduction(
            id=draw(st.sampled_from("abc")),
            label="Reduction",
            off=draw(st.sampled_from(["lines", "lines", "shipping"])),
            lines=lines and tuple(lines),
            ppm=draw(st.integers(1, 10**6)) if amount is None else None,
            amount=amount,
            at_most=draw(st.none() | st.integers(1, 10**5)),
            combinable=draw(st.booleans()),
        ),
    )


@st.composite
def purchases(draw):
    """Draw a basket, reductions and taxes."""
    lines = draw(LINES)
    positions = range(len(lines))
    of = basket(*lines, ship=draw(st.none() | st.integers(0, 10**5)))
    offered = draw(st.lists(reductions(list(positions)), max_size=5))
    included = draw(st.booleans())
    due = [
        Tax((Rate("a", "A", draw(RATES)), Rate("b", "B", draw(RATES))), relief_ppm=draw(RATES))
        for _ in positions
    ]
    assessment = Assessment(
        included=included,
        lines=tuple(due),
        shipping=due[0] if of.shipping else None,
        rounding=draw(st.sampled_from(["line", "rate"])),
    )
    return of, offered, assessment


class TestPricing:
    @given(purchases())
    def test_totals_are_exact(self, purchase):
        """Each total is exactly the sum of its parts, and the adjustments explain it."""
        of, offered, assessment = purchase

        priced = add_tax(take_off(of, offered), assessment, "taxes")

        lines, shipping = priced.basket.lines, priced.basket.shipping
        on_top = 0 if priced.tax_included else priced.amount_tax
        assert priced.amount_subtotal == sum(line.unit_amount * line.quantity for line in lines)
        assert priced.amount_tax == sum(priced.line_taxes) + priced.shipping_tax
        assert priced.amount_total == (
            priced.amount_subtotal - priced.amount_discount + priced.amount_shipping + on_top
        )
        sums = {
            kind: sum(one.amount for one in priced.adjustments if one.kind == kind)
            for kind in ("discount", "shipping", "tax")
        }
        off_shipping = shipping.amount_discount if shipping else 0
        assert sums["discount"] == -priced.amount_discount - off_shipping
        assert sums["shipping"] - off_shipping == priced.amount_shipping
        assert sums["tax"] == priced.amount_tax

    @given(purchases())
    def test_no_amount_is_negative(self, purchase):
        """No discount is larger than its line, and no contained tax than its price."""
        of, offered, assessment = purchase

        priced = add_tax(take_off(of, offered), assessment, "taxes")

        for line, tax in zip(priced.basket.lines, priced.line_taxes, strict=True):
            assert 0 <= line.amount <= line.amount_subtotal
            assert tax >= 0
            assert tax <= line.amount or not priced.tax_included
        assert priced.amount_shipping >= 0

    @given(purchases(), st.randoms(use_true_random=False))
    def test_the_order_of_lines_changes_nothing(self, purchase, random):
        """A client that lists the same lines in another order pays the same for each."""
        of, offered, assessment = purchase
        places = list(range(len(of.lines)))
        random.shuffle(places)
        moved = [replace(of.lines[old], position=new) for new, old in enumerate(places)]
        renamed = [
            replace(
                one,
                reduction=replace(
                    one.reduction,
                    lines=one.reduction.lines
                    and tuple(places.index(line) for line in one.reduction.lines),
                ),
            )
            for one in offered
        ]

        first = add_tax(take_off(of, offered), assessment, "taxes")
        second = add_tax(
            take_off(replace(of, lines=tuple(moved)), renamed),
            replace(assessment, lines=tuple(assessment.lines[old] for old in places)),
            "taxes",
        )

        assert second.amount_total == first.amount_total
        assert [first.basket.lines[old].amount for old in places] == [
            line.amount for line in second.basket.lines
        ]
        assert [first.line_taxes[old] for old in places] == list(second.line_taxes)

    @given(st.integers(0, 10), QUANTITIES)
    def test_totals_stay_exact_in_json(self, above, quantity):
        """A total above 2^53 - 1 is refused; 2^53 - 1 itself is accepted."""
        unit_amount = MAX_SAFE_INTEGER // quantity + above
        of = basket((unit_amount, quantity))

        if unit_amount * quantity <= MAX_SAFE_INTEGER:
            assert add_tax(take_off(of, ()), None).amount_total == unit_amount * quantity
        else:
            with pytest.raises(AmountTooLarge):
                take_off(of, ())


class TestSumQuantities:
    @given(st.lists(st.builds(WantedLine, st.uuids(), QUANTITIES), max_size=20))
    def test_sums_lines_of_a_variant(self, lines):
        """Quantities of a variant are summed, in the order in which variants first appear."""
        doubled = [*lines, *reversed(lines)]

        sums = sum_quantities(doubled)

        assert sum(sums.values()) == 2 * sum(line.quantity for line in lines)
        assert list(sums) == list(dict.fromkeys(line.variant_id for line in lines))
