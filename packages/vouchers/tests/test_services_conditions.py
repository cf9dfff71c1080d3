"""Whether a voucher applies to a basket, without a database."""

from datetime import timedelta

import pytest

from mercato_contracts.baskets import PPM, Customer
from mercato_contracts.discounts import Reduction
from mercato_kit.db import new_id, utc_now
from mercato_vouchers.services.conditions import Rules, judge

from .factories import basket_of, line_of

NOW = utc_now()
HOUR = timedelta(hours=1)
OWNER = new_id()


def rules_of(**members):
    """Return a voucher of 10 % by the code TEN, without conditions."""
    values = dict.fromkeys(Rules.__slots__) | {
        "id": new_id(),
        "code": "TEN",
        "name": "Ten",
        "kind": "percent",
        "ppm": 100_000,
        "amounts": {},
        "minimum_amounts": {},
        "at_most_amounts": {},
        "product_ids": [],
        "category_ids": [],
        "redeemed": 0,
        "combinable": True,
        "used_by_customer": 0,
    }
    return Rules(**(values | members))


class TestJudge:
    def test_a_percent_voucher(self):
        """It takes a part off all lines, at most an amount of the currency."""
        rules = rules_of(at_most_amounts={"EUR": 500}, combinable=False)

        assert judge(rules, basket_of("TEN")) == Reduction(
            str(rules.id), "Ten", "TEN", ppm=100_000, at_most=500, combinable=False
        )

    def test_an_amount_voucher(self):
        """It takes the amount of the currency off."""
        rules = rules_of(kind="amount", ppm=None, amounts={"EUR": 500, "JPY": 700}, code=None)

        yen = basket_of(currency="JPY")
        assert judge(rules, basket_of()) == Reduction(str(rules.id), "Ten", amount=500)
        assert judge(rules, yen) == Reduction(str(rules.id), "Ten", amount=700)

    def test_a_free_shipping_voucher(self):
        """It takes the whole price off shipping."""
        rules = rules_of(kind="free_shipping", ppm=None, at_most_amounts={"EUR": 900})

        assert judge(rules, basket_of("TEN")) == Reduction(
            str(rules.id), "Ten", "TEN", off="shipping", ppm=PPM, at_most=900
        )

    def test_eligible_lines(self):
        """Lines of an eligible product, or of one in an eligible category, are reduced."""
        category = new_id()
        lines = [
            line_of(0),
            line_of(1, category_ids=frozenset([new_id(), category])),
            line_of(2),
        ]
        rules = rules_of(product_ids=[str(lines[2].product_id)], category_ids=[str(category)])

        assert judge(rules, basket_of("TEN", lines=lines)).lines == (1, 2)

    @pytest.mark.parametrize(
        ("members", "reason"),
        [
            ({"archived_at": NOW}, "expired"),
            ({"valid_until": NOW}, "expired"),
            ({"valid_until": NOW + HOUR}, None),
            ({"valid_from": NOW}, None),
            ({"valid_from": NOW + HOUR}, "not_yet_valid"),
            ({"customer_id": OWNER}, None),
            ({"customer_id": new_id()}, "other_customer"),
            ({"max_redemptions": 3, "redeemed": 2}, None),
            ({"max_redemptions": 3, "redeemed": 3}, "used_up"),
            ({"max_redemptions_per_customer": 2, "used_by_customer": 1}, None),
            ({"max_redemptions_per_customer": 2, "used_by_customer": 2}, "used_by_customer"),
            ({"minimum_amounts": {"EUR": 2_000}}, None),
            ({"minimum_amounts": {"EUR": 2_001}}, "minimum_not_reached"),
            ({"minimum_amounts": {"USD": 1}}, "other_currency"),
            ({"at_most_amounts": {"USD": 1}}, "other_currency"),
            ({"kind": "amount", "ppm": None, "amounts": {"USD": 1}}, "other_currency"),
            ({"product_ids": [str(new_id())]}, "nothing_eligible"),
            ({"category_ids": [str(new_id())]}, "nothing_eligible"),
        ],
    )
    def test_conditions(self, members, reason):
        """A condition that does not hold is the reason of the refusal; at its bound it holds."""
        basket = basket_of("TEN", at=NOW, customer=Customer(OWNER, "owner@example.com"))

        answer = judge(rules_of(**members), basket)

        assert (answer if reason else isinstance(answer, Reduction)) == (reason or True)

    def test_a_guest_signs_in(self):
        """The voucher of a customer is refused to guests in a way that says what to do."""
        assert judge(rules_of(customer_id=OWNER), basket_of("TEN")) == "sign_in_required"

    def test_the_minimum_is_that_of_eligible_lines(self):
        """Lines that are not eligible do not help to reach the minimum."""
        lines = [line_of(0), line_of(1)]
        rules = rules_of(product_ids=[str(lines[0].product_id)], minimum_amounts={"EUR": 2_001})

        assert judge(rules, basket_of("TEN", lines=lines)) == "minimum_not_reached"
