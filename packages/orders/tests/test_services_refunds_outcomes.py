"""What becomes of refunds: their outcomes at the provider, crashes, and late payments."""

from uuid import UUID

import pytest

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_orders import services

from . import factories, money
from .bank import AFTER, BANK, After
from .left_over import leave_payment, refunds_of
from .refunding import amounts, lines, refund


class TestOutcomes:
    def test_a_pending_refund_holds_its_amount(self, alice, clerk, paid, bank, commit):
        """While the provider has not decided, the amount cannot be refunded again."""
        bank.next("refund", "pending")

        made = refund(clerk, paid, amount=2_000).json
        refused = refund(clerk, paid, amount=1_000)

        assert made["status"] == "pending"
        assert refused.json["amount_refundable"] == 500
        assert amounts(alice, paid) == ("paid", 0)
        assert commit(money.books_of, paid["id"]) == []

    @pytest.mark.parametrize("error", [Unknown("time-out"), Misconfigured("401"), AFTER])
    def test_an_answer_that_is_lost_is_asked_for_again(self, app, alice, clerk, paid, bank, error):
        """The refund is pending, and the next call gets the first one's effect."""
        bank.next("refund", error)
        made = refund(clerk, paid, amount=2_000).json

        with app.app_context():
            for _ in range(2):
                services.call_refund(UUID(made["id"]))

        assert made["status"] == "pending"
        assert amounts(alice, paid) == ("partially_refunded", 2_000)
        assert bank.moved() == 500
        assert len({key for method, key in bank.calls if method == "refund"}) == 1

    def test_a_refused_refund_gives_its_claim_back(self, alice, clerk, paid, bank, commit, outbox):
        """A refund that failed says why, to staff by an event; the amount can be refunded."""
        bank.next("refund", Refused("account_closed"))

        failed = refund(clerk, paid, amount=2_000)
        again = refund(clerk, paid, amount=2_500)

        assert failed.status_code == 201
        assert (failed.json["status"], failed.json["error_code"]) == ("failed", "account_closed")
        assert again.json["status"] == "succeeded"
        assert amounts(alice, paid) == ("refunded", 2_500)
        assert len(outbox("order.refund_failed")) == 1
        assert commit(money.attention_of, paid["id"]) == ["refund_refused"]

    def test_goods_and_money_fail_apart(self, clerk, sent, bank, item, commit):
        """Units that came back stay in stock, although the money did not go back."""
        bank.next("refund", Refused("account_closed"))
        before = commit(factories.count_in_stock, item)

        refund(clerk, sent, lines=lines(sent, 2), restock=True)
        again = refund(clerk, sent)

        assert commit(factories.count_in_stock, item) == before + 2
        assert again.json["amount"] == 2_500
        assert commit(money.books_of, sent["id"]) == []

    def test_a_refund_can_fail_late(self, alice, clerk, paid, bank, commit, outbox):
        """Money that the bank sends back is counted back, and staff have to look at it."""
        made = refund(clerk, paid).json

        for _ in range(2):
            commit(money.settle, made["id"], bank.turn(made["id"], "failed", "account_closed"))

        assert amounts(alice, paid) == ("paid", 0)
        assert len(outbox("order.refund_failed")) == 1
        assert commit(money.attention_of, paid["id"]) == ["refund_failed"]
        assert refund(clerk, paid).json["status"] == "succeeded"

    def test_a_final_refund_stays_as_it_is(self, alice, clerk, paid, bank, commit):
        """What is older than the answer changes nothing."""
        made = refund(clerk, paid, amount=700).json

        for state in ("pending", "canceled", "succeeded"):
            commit(money.settle, made["id"], bank.turn(made["id"], state))

        assert amounts(alice, paid) == ("partially_refunded", 700)


class Killed(BaseException):
    """The process ends here."""


def die():
    """End the process."""
    raise Killed


class TestCrash:
    """The process is killed at a named point; then the same request comes again."""

    @pytest.mark.parametrize("outcome", [die, After(die)])
    def test_around_the_call(self, alice, clerk, paid, bank, commit, outcome):
        """Before the call and after it, the same request resumes; the money goes back once."""
        key = {"Idempotency-Key": "refund-this-order-once"}
        bank.next("refund", outcome)
        with pytest.raises(Killed):
            refund(clerk, paid, headers=key, amount=2_000)
        commit(money.end_leases)

        resumed = refund(clerk, paid, headers=key, amount=2_000)

        (listed,) = alice.get(f"/v1/orders/{paid['id']}/refunds").json["data"]
        assert (resumed.status_code, resumed.json) == (201, listed)
        assert (listed["status"], bank.moved()) == ("succeeded", 500)
        assert commit(money.books_of, paid["id"]) == []


class TestLatePayment:
    """A payment that arrives for a closed order goes back by itself."""

    @pytest.fixture
    def late(self, app, alice, alices_order, commit):
        """The id of the refund of a payment that was captured after its order was canceled."""
        payment_id = commit(leave_payment, alices_order["id"], "captured")
        alice.post(f"/v1/orders/{alices_order['id']}/cancel", json={})
        commit(services.settle, payment_id, BANK.accounts[payment_id].snapshot())
        (refund,) = commit(refunds_of, payment_id)
        return refund

    def test_the_order_does_not_count_it(self, app, alice, alices_order, late, bank):
        """The payment is refunded, and the order stays unpaid."""
        with app.app_context():
            services.call_refund(late.id)

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (late.source, late.amount) == ("late_payment", 2_500)
        assert order["payments"][0]["status"] == "refunded"
        assert (order["payment_status"], order["amount_refunded"]) == ("unpaid", 0)
        assert bank.moved() == 0

    def test_it_is_due_again_if_it_fails_late(self, app, alice, alices_order, late, commit, bank):
        """The payment is to be refunded again, and an operator has to look at it."""
        with app.app_context():
            services.call_refund(late.id)

        commit(money.settle, late.id, bank.turn(late.id, "failed", "account_closed"))

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert order["payments"][0]["status"] == "refund_due"
        assert order["amount_refunded"] == 0
        assert commit(money.attention_of, alices_order["id"]) == ["refund_failed"]
        assert commit(money.books_of, alices_order["id"]) == []


class TestWhatTheProviderLists:
    def test_a_refund_of_the_dashboard_is_imported(self, alice, clerk, paid, bank, commit, outbox):
        """A refund that was made at the provider is recorded, once."""
        bank.refund_by_hand(paid["id"], 400)

        for _ in range(2):
            commit(money.merge, paid["id"], bank.listed(paid["id"]))

        (made,) = alice.get(f"/v1/orders/{paid['id']}/refunds").json["data"]
        assert (made["source"], made["status"], made["amount"]) == ("dashboard", "succeeded", 400)
        assert amounts(alice, paid) == ("partially_refunded", 400)
        assert len(outbox("order.refunded")) == 1
        assert commit(money.books_of, paid["id"]) == []

    def test_ours_are_found_by_our_id(self, alice, clerk, paid, bank, commit):
        """The list of the provider settles a pending refund, and imports nothing."""
        bank.next("refund", AFTER)
        made = refund(clerk, paid, amount=400).json

        commit(money.merge, paid["id"], bank.listed(paid["id"]))

        listed = alice.get(f"/v1/orders/{paid['id']}/refunds").json["data"]
        assert [(one["id"], one["status"]) for one in listed] == [(made["id"], "succeeded")]

    @pytest.mark.parametrize("amount", [9_999, 0, -400])
    def test_what_cannot_be_is_not_imported(self, alice, paid, bank, commit, amount):
        """A list that cannot be true changes no amount, and an operator has to look."""
        bank.refund_by_hand(paid["id"], amount)

        commit(money.merge, paid["id"], bank.listed(paid["id"]))

        assert amounts(alice, paid) == ("paid", 0)
        assert commit(money.attention_of, paid["id"]) == ["mismatch"]

    def test_several_refunds_have_an_event_each(self, alice, paid, bank, commit, outbox):
        """Refunds that are found together are announced one by one."""
        for amount in (100, 200):
            bank.refund_by_hand(paid["id"], amount)

        commit(money.merge, paid["id"], bank.listed(paid["id"]))

        events = outbox("order.refunded")
        assert [event.payload["refund"]["amount"] for event in events] == [100, 200]
        assert amounts(alice, paid) == ("partially_refunded", 300)
