from mercato_contracts.baskets import Customer
from mercato_kit.privacy import Subject
from mercato_testing.privacy import exported
from mercato_vouchers.privacy import PERSONAL_DATA, erase

from .factories import make_voucher, redeem


def use(commit, who, voucher):
    """Redeem a voucher for a customer."""
    commit(redeem, [voucher], customer=Customer(who.sub, f"{who.sub}@example.com"))


class TestExport:
    def test_exports_data_of_the_customer(self, alice, bob, charlie, commit):
        """The export has the vouchers for the customer and the customer's redemptions."""
        own = commit(make_voucher, customer_id=alice.sub)
        commit(make_voucher, code="BOB", customer_id=bob.sub)
        shared = commit(make_voucher, code="ALL")
        for who in (alice, bob):
            use(commit, who, shared)

        found = commit(exported, PERSONAL_DATA, Subject(alice.sub))

        (redemption,) = found["redemptions"]
        assert found["vouchers"] == [charlie.get(f"/v1/vouchers/{own}").json]
        assert redemption["customer_id"] == str(alice.sub)


class TestErase:
    def test_erases_the_id(self, alice, bob, charlie, commit):
        """Redemptions of an erased user keep amounts and no id; those of others stay."""
        voucher = commit(make_voucher)
        for who in (alice, bob):
            use(commit, who, voucher)

        erased = commit(erase, Subject(alice.sub))

        data = charlie.get(f"/v1/vouchers/{voucher}/redemptions").json["data"]
        assert {one["customer_id"] for one in data} == {None, str(bob.sub)}
        assert [one["amount"] for one in data] == [200, 200]
        assert erased.counts == {"redemptions": 1}
