import pytest

from mercato_contracts.discounts import DiscountGone
from mercato_kit.db import engine, new_id
from mercato_testing.plans import Plans, rows_scanned
from mercato_vouchers import services

from .factories import make_many_vouchers, make_voucher, redeem, redeemed


def reasons_of(raised):
    """Return the reasons of refused codes."""
    return {refusal.code: refusal.reason for refusal in raised.value.refusals}


class TestRedeemVouchers:
    def test_counts_a_use(self, commit):
        """A redemption is counted where there is a limit, and listed in any case."""
        limited = commit(make_voucher, max_redemptions=5)
        unlimited = commit(make_voucher, code="ALL")

        assert commit(redeem, [limited, unlimited]) == "redeemed"

        assert commit(redeemed, limited) == (1, 1)
        assert commit(redeemed, unlimited) == (0, 1)

    def test_once_by_reference(self, commit):
        """A repeated call counts nothing, also when no use is left."""
        voucher = commit(make_voucher, max_redemptions=1, max_redemptions_per_customer=1)
        reference = new_id()

        answers = [commit(redeem, [voucher], reference) for _ in range(2)]

        assert answers == ["redeemed", "already"]
        assert commit(redeemed, voucher) == (1, 1)

    @pytest.mark.parametrize("database", ["postgresql"], indirect=True)
    def test_reads_no_more_than_its_vouchers(self, commit):
        """In a shop of some thousand vouchers, a redemption does not read them all."""
        voucher = commit(make_voucher, max_redemptions=5)
        commit(make_many_vouchers, 3000)

        read = commit(rows_scanned, lambda: redeem([voucher]), "vouchers_voucher")

        assert read == 0

    def test_nothing_to_redeem(self, commit):
        """An order without uses writes nothing."""
        assert commit(redeem, []) == "redeemed"

    def test_refuses_what_is_used_up(self, commit):
        """The order after the last use is refused, with the code and the reason."""
        voucher = commit(make_voucher, max_redemptions=1)
        commit(redeem, [voucher])

        with pytest.raises(DiscountGone) as gone:
            commit(redeem, [voucher])

        assert reasons_of(gone) == {"TEN": "used_up"}

    def test_refuses_what_the_customer_has_used(self, commit):
        """A customer has as many uses as the limit says; another customer has as many again."""
        voucher = commit(make_voucher, max_redemptions_per_customer=2)
        for email in ["ada@example.com", "tom@example.com"] * 2:
            commit(redeem, [voucher], email=email)

        with pytest.raises(DiscountGone) as gone:
            commit(redeem, [voucher], email="ada@example.com")

        assert reasons_of(gone) == {"TEN": "used_by_customer"}

    def test_each_voucher_has_its_own_limit(self, commit):
        """The use of a voucher does not count towards the limit of another one."""
        vouchers = [
            commit(make_voucher, code=code, max_redemptions_per_customer=1) for code in ("A", "B")
        ]

        answers = [commit(redeem, [voucher]) for voucher in vouchers]

        assert answers == ["redeemed", "redeemed"]

    def test_refuses_an_unknown_customer(self, commit):
        """A limit per customer needs an e-mail address or an account."""
        voucher = commit(make_voucher, max_redemptions_per_customer=2)

        with pytest.raises(DiscountGone):
            commit(redeem, [voucher], email=None)

    @pytest.mark.parametrize(
        "limits", [{"max_redemptions": 1}, {"max_redemptions_per_customer": 1}]
    )
    def test_a_refusal_counts_nothing(self, commit, limits):
        """A caller that catches the refusal and commits has used no voucher."""
        free = commit(make_voucher, max_redemptions=5)
        gone = commit(make_voucher, code="GONE", **limits)
        also_free = commit(make_voucher, code="ALSO", max_redemptions=5)
        commit(redeem, [gone])

        def refused():
            with pytest.raises(DiscountGone):
                redeem([free, gone, also_free])

        commit(refused)

        assert [commit(redeemed, one)[1] for one in (free, gone, also_free)] == [0, 1, 0]
        assert [commit(redeemed, one)[0] for one in (free, also_free)] == [0, 0]

    def test_two_statements(self, app, commit, statements):
        """It is two statements that use indexes, whatever the number of codes."""
        vouchers = [
            commit(make_voucher, code=f"CODE{n}", max_redemptions=9, max_redemptions_per_customer=9)
            for n in range(10)
        ]

        def step():
            with Plans(engine()) as plans, statements as sent:
                redeem(vouchers)
            return sent, plans

        sent, plans = commit(step)

        assert len(sent) == 2, sent
        assert plans.scans() == []

    def test_an_unlimited_voucher_is_not_written(self, commit, statements):
        """Vouchers without a limit share no row: redeeming them is one INSERT."""
        voucher = commit(make_voucher)

        with statements as sent:
            commit(redeem, [voucher])

        assert len(sent) == 1, sent


class TestGiveBackVouchers:
    def test_frees_uses_once(self, commit):
        """Uses can be used again, by the customer, too; a second call has no effect."""
        voucher = commit(make_voucher, max_redemptions=1, max_redemptions_per_customer=1)
        reference = new_id()
        commit(redeem, [voucher], reference)

        answers = [commit(services.give_back_vouchers, reference) for _ in range(2)]

        assert answers == [True, False]
        assert commit(redeemed, voucher) == (0, 0)
        assert commit(redeem, [voucher]) == "redeemed"

    def test_the_lowest_free_slot_is_used_again(self, commit):
        """A customer who gives the first of two uses back has one."""
        voucher = commit(make_voucher, max_redemptions_per_customer=2)
        first = new_id()
        for reference in (first, new_id()):
            commit(redeem, [voucher], reference)
        commit(services.give_back_vouchers, first)

        assert commit(redeem, [voucher]) == "redeemed"
        with pytest.raises(DiscountGone):
            commit(redeem, [voucher])

    def test_an_unknown_reference_is_marked(self, commit):
        """A redemption that arrives after its cancellation is refused, and counts nothing."""
        vouchers = [commit(make_voucher, code=code, max_redemptions=5) for code in ("A", "B")]
        reference = new_id()

        answers = [commit(services.give_back_vouchers, reference) for _ in range(2)]

        def late():
            with pytest.raises(DiscountGone):
                redeem(vouchers, reference)

        commit(late)
        assert answers == [True, False]
        assert [commit(redeemed, voucher) for voucher in vouchers] == [(0, 0), (0, 0)]

    def test_a_canceled_order_is_not_redeemed_again(self, commit):
        """The redemption of an order that gave its uses back is refused."""
        voucher = commit(make_voucher)
        reference = new_id()
        commit(redeem, [voucher], reference)
        commit(services.give_back_vouchers, reference)

        with pytest.raises(DiscountGone):
            commit(redeem, [voucher], reference)

    def test_three_statements_at_most(self, commit, statements):
        """The number of statements does not depend on the number of vouchers."""
        vouchers = [commit(make_voucher, code=f"CODE{n}", max_redemptions=9) for n in range(10)]
        reference = new_id()
        commit(redeem, vouchers, reference)

        with statements as sent:
            commit(services.give_back_vouchers, reference)

        assert len(sent) == 2, sent


class TestKeepingUses:
    @pytest.fixture
    def settings(self):
        """Uses of a canceled order are lost."""
        return {"give_back": False}

    def test_uses_are_not_free_again(self, commit):
        """With ``give_back = false``, the uses of a canceled order count on."""
        voucher = commit(make_voucher, max_redemptions=2, max_redemptions_per_customer=1)
        reference = new_id()
        commit(redeem, [voucher], reference)

        answers = [commit(services.give_back_vouchers, reference) for _ in range(2)]

        assert answers == [True, False]
        assert commit(redeemed, voucher) == (1, 0)
        with pytest.raises(DiscountGone):
            commit(redeem, [voucher])


class TestCustomerKey:
    @pytest.fixture
    def settings(self):
        """A key of the customers' own."""
        return {"customer_key": "a key of thirty-two characters .."}

    def test_the_address_is_not_stored(self, app, commit, charlie):
        """The rows of a redemption do not have the e-mail address, and a key does count."""
        voucher = commit(make_voucher, max_redemptions_per_customer=1)
        commit(redeem, [voucher], email="ada@example.com")

        with pytest.raises(DiscountGone):
            commit(redeem, [voucher], email="ada@example.com")

        uses = charlie.get(f"/v1/vouchers/{voucher}/redemptions")
        assert "ada" not in uses.text
