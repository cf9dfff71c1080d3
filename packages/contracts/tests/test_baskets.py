import pytest
from hypothesis import given, strategies as st

from mercato_contracts.baskets import allocate, half_up

WEIGHTS = st.lists(st.integers(0, 2**53), min_size=1, max_size=100)


class TestHalfUp:
    @pytest.mark.parametrize(("numerator", "rounded"), [(0, 0), (4, 0), (5, 1), (14, 1), (15, 2)])
    def test_rounds_a_half_up(self, numerator, rounded):
        """Tenths are rounded to the nearest whole number, and a half is rounded up."""
        assert half_up(numerator, 10) == rounded


class TestAllocate:
    @given(st.integers(0, 2**53), WEIGHTS)
    def test_parts_add_up(self, amount, weights):
        """The parts add up, and each is at most one unit from its exact share."""
        if not sum(weights):
            amount = 0

        parts = allocate(amount, weights)

        assert sum(parts) == amount
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * sum(weights) - amount * weight) <= sum(weights)
            assert part <= weight or amount > sum(weights)

    def test_the_first_of_equal_remainders_gets_the_unit(self):
        """Units that are left go to the largest remainders, of equal ones to the first."""
        assert allocate(1000, [1, 1, 1]) == [334, 333, 333]
        assert allocate(100, [1, 2]) == [33, 67]

    def test_an_amount_without_weights(self):
        """An amount cannot be divided between parts without weight."""
        with pytest.raises(ValueError, match="all weights are 0"):
            allocate(1, [0, 0])
