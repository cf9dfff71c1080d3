from datetime import timedelta

import pytest

from mercato_contracts.baskets import Customer
from mercato_kit.db import engine, new_id, utc_now
from mercato_testing.plans import Plans
from mercato_vouchers import services

from . import factories
from .factories import basket_of, make_voucher, redeem


@pytest.fixture
def quote(commit):
    """A function that returns the answer for a basket."""
    return lambda *codes, **members: commit(services.quote_vouchers, basket_of(*codes, **members))


def codes_of(answer):
    """Return the codes that reduce, and the reasons of the others."""
    reasons = {refusal.code: refusal.reason for refusal in answer.refusals}
    return [reduction.code for reduction in answer.reductions], reasons


class TestQuoteVouchers:
    def test_answers_known_codes(self, commit, quote):
        """Codes reduce in their order or are refused; an unknown one is in neither list."""
        commit(make_voucher)
        commit(make_voucher, code="FIVE", ppm=50_000)
        commit(make_voucher, code="OLD", valid_until=utc_now())

        answer = quote("FIVE", "OLD", "NONE", "TEN")

        assert codes_of(answer) == (["FIVE", "TEN"], {"OLD": "expired"})
        assert all(refusal.detail for refusal in answer.refusals)

    def test_automatic_vouchers_apply_without_a_code(self, commit, quote):
        """A voucher without a code applies, and is silent where it does not."""
        commit(make_voucher, code=None, name="Sale")
        commit(make_voucher, code=None, name="Big", minimum_amounts={"EUR": 9_000})

        answer = quote()

        assert [reduction.label for reduction in answer.reductions] == ["Sale"]
        assert answer.refusals == ()

    def test_at_most_twenty_apply(self, commit, quote):
        """Codes come first; the oldest automatic vouchers fill the rest of the 20 places."""
        commit(make_voucher)
        for number in range(21):
            commit(make_voucher, code=None, name=f"{number}")

        labels = [reduction.label for reduction in quote("TEN").reductions]

        assert labels == ["Ten", *map(str, range(19))]

    def test_vouchers_that_cannot_apply_take_no_place(self, commit, quote):
        """Automatic vouchers that are archived, used up, over or to come do not hide others."""
        over = {"valid_until": utc_now()}
        to_come = {"valid_from": utc_now() + timedelta(hours=1)}
        for members in [over, to_come] * 10:
            commit(make_voucher, code=None, **members)
        used_up = commit(make_voucher, code=None, max_redemptions=1)
        commit(redeem, [used_up])
        archived = commit(make_voucher, code=None)
        commit(services.archive_voucher, archived, versions=[1])
        commit(make_voucher, code=None, name="Sale")

        assert [reduction.label for reduction in quote().reductions] == ["Sale"]

    def test_uses_of_a_customer_count(self, commit, quote):
        """A guest and an account with one e-mail address are one customer; others are not."""
        voucher = commit(make_voucher, max_redemptions_per_customer=1)
        commit(redeem, [voucher], email="ada@example.com")

        account = quote("TEN", customer=Customer(new_id(), "ada@example.com"))
        other = quote("TEN", email="tom@example.com")

        assert codes_of(account) == ([], {"TEN": "used_by_customer"})
        assert codes_of(other) == (["TEN"], {})

    def test_a_caller_without_an_address_has_used_nothing(self, commit, quote):
        """A quote without an e-mail address does not know the uses of its caller."""
        voucher = commit(make_voucher, max_redemptions_per_customer=1)
        commit(redeem, [voucher])

        assert codes_of(quote("TEN", email=None)) == (["TEN"], {})

    def test_reads_no_whole_table(self, app, commit, statements):
        """It is one SELECT that uses indexes, whatever the number of codes and lines."""
        codes = [f"CODE{number}" for number in range(20)]
        for code in codes:
            commit(make_voucher, code=code, max_redemptions_per_customer=1)
        basket = basket_of(*codes, lines=[factories.line_of(place) for place in range(100)])

        with app.app_context(), Plans(engine()) as plans, statements as sent:
            services.quote_vouchers(basket)

        assert len(sent) == 1, sent
        assert plans.scans() == []
