from dataclasses import dataclass

import pytest
from hypothesis import given, strategies as st

from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_orders.shares import Share, back, front, limited, of_amount

STEPS = st.lists(st.tuples(st.sampled_from([front, back]), st.integers(1, 30)))


@dataclass
class Line:
    """Units with their price."""

    quantity: int
    amount_total: int
    amount_tax: int = 0


@st.composite
def lines(draw):
    """Draw a line; its tax is a part of its amount."""
    amount = draw(st.integers(0, 10**6) | st.integers(0, MAX_SAFE_INTEGER))
    return Line(draw(st.integers(1, 999)), amount, draw(st.integers(0, amount)))


class TestShares:
    @given(lines(), STEPS)
    def test_any_steps_add_up_to_the_line(self, line, steps):
        """Units taken from both ends, in any order, cost together what the line costs."""
        taken, parts = {front: 0, back: 0}, [Share()]
        for end, wanted in [*steps, (front, line.quantity)]:
            units = min(wanted, line.quantity - sum(taken.values()))
            parts.append(end(line, taken[end], units))
            taken[end] += units

        assert sum(parts, Share()) == Share(line.amount_total, line.amount_tax)
        assert all(0 <= part.tax <= part.amount for part in parts)

    @given(lines())
    def test_units_differ_by_one_minor_unit_at_most(self, line):
        """The first unit costs as much as the last one, or one minor unit more."""
        first, last = front(line, 0, 1), back(line, 0, 1)

        assert first.amount - last.amount in (0, 1)
        assert first.tax - last.tax in (0, 1)

    @pytest.mark.parametrize(
        ("amount", "units", "parts"),
        [(1_001, [1, 1, 1], [334, 334, 333]), (1_001, [2, 1], [668, 333])],
    )
    def test_earlier_units_get_the_spare_cents(self, amount, units, parts):
        """1001 over 3 units are 334, 334 and 333."""
        line = Line(3, amount)
        starts = [sum(units[:place]) for place in range(len(units))]

        shares = [front(line, start, count) for start, count in zip(starts, units, strict=True)]

        assert [share.amount for share in shares] == parts

    def test_tax_is_split_like_the_amount(self):
        """A tax of 1129 over 3 units is 377, 376 and 376."""
        line = Line(3, 7_074, 1_129)

        assert [front(line, unit, 1) for unit in range(3)] == [
            Share(2_358, 377),
            Share(2_358, 376),
            Share(2_358, 376),
        ]

    def test_cancellations_count_from_the_back(self):
        """Two of five units of together 4495 cost 1798, and 2697 stay."""
        line = Line(5, 4_495)

        assert (back(line, 0, 2).amount, front(line, 0, 3).amount) == (1_798, 2_697)


class TestOfAmount:
    @given(lines(), st.lists(st.integers(1, 10**6), max_size=20))
    def test_amounts_take_the_whole_tax_with_them(self, line, amounts):
        """Amounts that add up to what is left have taxes that add up to the tax that is left."""
        rest = whole = Share(line.amount_total, line.amount_tax)

        parts = []
        for wanted in [*amounts, whole.amount]:
            parts.append(of_amount(min(wanted, rest.amount), rest))
            rest -= parts[-1]

        assert sum(parts, Share()) == whole
        assert all(0 <= part.tax <= part.amount for part in parts)

    def test_nothing_of_nothing_is_nothing(self):
        """Nothing is left, and no tax of it."""
        assert of_amount(0, Share()) == Share()


class TestLimited:
    @pytest.mark.parametrize(
        ("share", "rest", "left"),
        [
            (Share(500, 80), Share(1_000, 160), Share(500, 80)),
            (Share(500, 80), Share(1_000, 70), Share(500, 70)),
            (Share(500, 80), Share(500, 100), Share(500, 100)),
            (Share(500, 80), Share(300, 10), Share(300, 10)),
        ],
    )
    def test_it_takes_what_is_left(self, share, rest, left):
        """No more is taken than is left, and the last amount takes the rest of the tax."""
        assert limited(share, rest) == left
