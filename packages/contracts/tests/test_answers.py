import dataclasses
from datetime import UTC, datetime
from uuid import UUID

import pytest

from mercato_contracts.answers import wrong_discounts
from mercato_contracts.baskets import LARGEST_AMOUNT, Basket, BasketLine, Customer
from mercato_contracts.discounts import Discounted, Reduction, Refusal

LINE = BasketLine(
    0, UUID(int=1), UUID(int=1), "SKU", frozenset(), None, 100, 1, None, requires_shipping=False
)
BASKET = Basket((LINE,), "EUR", datetime.now(UTC), Customer(None, None), codes=("SPRING",))
TENTH = Reduction("tenth", "10 %", ppm=100_000)
SPRING = Refusal("SPRING", "expired", "It has expired.")


class TestDiscounts:
    def test_accepts_good_values(self):
        """An answer within the bounds of the contract has no wrong value."""
        reductions = tuple(
            dataclasses.replace(TENTH, **change)
            for change in (
                {},
                {"code": "SPRING", "lines": (0,), "at_most": 0},
                {"ppm": None, "amount": LARGEST_AMOUNT, "off": "shipping"},
            )
        )

        assert list(wrong_discounts(BASKET, Discounted(reductions))) == []
        assert list(wrong_discounts(BASKET, Discounted(refusals=(SPRING,)))) == []

    @pytest.mark.parametrize(
        "change",
        [
            {"ppm": None},
            {"amount": 1},
            {"ppm": 0},
            {"ppm": 1_000_001},
            {"ppm": True},
            {"ppm": 0.5},
            {"ppm": None, "amount": 0},
            {"ppm": None, "amount": LARGEST_AMOUNT + 1},
            {"at_most": -1},
            {"lines": (1,)},
            {"off": "order"},
            {"code": "OTHER"},
            {"id": ""},
            {"label": "x" * 201},
        ],
    )
    def test_finds_a_wrong_reduction(self, change):
        """Each value of a reduction that the contract excludes is found once."""
        answer = Discounted((dataclasses.replace(TENTH, **change),))

        assert len(list(wrong_discounts(BASKET, answer))) == 1

    @pytest.mark.parametrize(
        "answer",
        [
            Discounted((TENTH,) * 21),
            Discounted(refusals=(dataclasses.replace(SPRING, code="OTHER"),)),
            Discounted(refusals=(dataclasses.replace(SPRING, reason="because"),)),
            Discounted((dataclasses.replace(TENTH, code="SPRING"),), (SPRING,)),
        ],
    )
    def test_finds_a_wrong_answer(self, answer):
        """Too many reductions, and refusals that do not fit, are found."""
        assert len(list(wrong_discounts(BASKET, answer))) == 1
