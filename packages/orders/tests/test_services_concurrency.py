"""Concurrent orders, payments and expiry, in threads with a connection each."""

import pytest

from mercato_contracts.baskets import Customer
from mercato_contracts.orders import Orders, Wanted, WantedLine
from mercato_contracts.payments import Snapshot
from mercato_kit.db import new_id, utc_now
from mercato_kit.services import get
from mercato_orders import services

from . import books, factories
from .bank import BANK
from .factories import order_of
from .left_over import make_due
from .threads import at_once


class TestManyBuyers:
    def test_the_last_units_are_sold_once(self, app, as_user, commit):
        """Of twelve concurrent buyers of five units, five get one and seven are refused."""
        scarce = commit(factories.make_item, in_stock=5)
        body = order_of((scarce, 1))
        buyers = [as_user() for _ in range(12)]

        answers = at_once(*[lambda who=who: who.post("/v1/orders", json=body) for who in buyers])

        codes = sorted(answer.status_code for answer in answers)
        assert codes == [201] * 5 + [409] * 7
        assert commit(factories.count_reserved, scarce) == 5

    def test_concurrent_repeats_make_one_order(self, as_user, item, commit):
        """Eight concurrent copies of a request make one order and get the same response."""
        alice = as_user(email="alice@example.com")
        twins = [as_user(email="alice@example.com", sub=alice.sub) for _ in range(8)]
        body, key = order_of((item, 1)), {"Idempotency-Key": "one-order-of-twins"}

        answers = at_once(
            *[lambda who=who: who.post("/v1/orders", json=body, headers=key) for who in twins]
        )

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.data for answer in answers}) == 1
        assert commit(factories.count_reserved, item) == 1

    def test_one_reference_makes_one_order(self, item, commit):
        """Concurrent features that place an order from one reference get the same order."""
        reference = new_id()
        wanted = Wanted(
            lines=(WantedLine(item, 1),),
            currency="EUR",
            customer=Customer(None, "guest@example.com"),
            shipping_address=factories.BOLOGNA,
        )
        place = lambda: commit(lambda: get(Orders).place(reference, wanted))  # noqa: E731

        placed = at_once(*[place] * 6)

        assert len({order.id for order in placed}) == 1
        assert sorted(order.already for order in placed) == [False, *[True] * 5]
        assert commit(factories.count_reserved, item) == 1


class TestPayAgainstExpire:
    @pytest.mark.parametrize("attempt", range(5))
    def test_only_one_of_them_succeeds(self, charlie, item, alices_order, commit, sweep, attempt):
        """A concurrent payment and expiry end as paid and committed, or expired and released."""
        commit(factories.let_time_pass, alices_order["id"])
        path = f"/v1/orders/{alices_order['id']}/payments"

        answer, _ = at_once(
            lambda: charlie.post(path, json={"provider": "desk"}),
            sweep,
        )

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        state = order["status"], order["payment_status"]
        outcome = (
            answer.status_code,
            state,
            commit(factories.reservation_status_of, alices_order["id"]),
            commit(factories.count_reserved, item),
        )
        assert outcome in [
            (201, ("open", "paid"), "committed", 2),
            (409, ("expired", "unpaid"), "released", 0),
        ]

    def test_concurrent_jobs_expire_an_order_once(self, alice, item, commit, sweep, outbox):
        """When several workers run the job at once, each order expires once."""
        orders = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(6)]
        for order in orders:
            commit(factories.let_time_pass, order["id"])

        counts = at_once(*[sweep] * 4)

        assert sum(counts) == 6
        assert len(outbox("order.expired")) == 6
        assert commit(factories.count_reserved, item) == 0

    def test_concurrent_settlements_count_once(self, alices_order, commit, outbox):
        """Two concurrent results of a provider pay the order once."""
        started = commit(factories.make_payment, alices_order["id"])
        paid = Snapshot("captured", 2_500, "EUR", 2_500, (), utc_now())
        settle = lambda: commit(services.settle, started, paid)  # noqa: E731

        payments = at_once(*[settle] * 4)

        assert {payment.status for payment in payments} == {"captured"}
        assert len(outbox("order.paid")) == 1


class TestPayAgainstPay:
    def test_one_of_them_charges(self, as_user, item):
        """Of six concurrent payments of an order, one charges the customer; the others name it."""
        alice = as_user(email="alice@example.com")
        order = alice.post("/v1/orders", json=order_of((item, 2))).json
        twins = [as_user(email="alice@example.com", sub=alice.sub) for _ in range(6)]
        path, body = f"/v1/orders/{order['id']}/payments", {"provider": "bank"}

        answers = at_once(*[lambda who=who: who.post(path, json=body) for who in twins])

        (paid,) = [answer.json for answer in answers if answer.status_code == 201]
        refused = [answer.json for answer in answers if answer.status_code != 201]
        assert {one["code"] for one in refused} <= {"payment_in_progress", "order_not_payable"}
        assert {one.get("payment_id", paid["id"]) for one in refused} == {paid["id"]}
        assert (paid["status"], BANK.moved(), len(BANK.accounts)) == ("captured", 2_500, 1)

    def test_one_key_charges_once(self, as_user, item, outbox):
        """Of twelve identical requests with one key, one charges; the others wait or replay."""
        alice = as_user(email="alice@example.com")
        order = alice.post("/v1/orders", json=order_of((item, 2))).json
        twins = [as_user(email="alice@example.com", sub=alice.sub) for _ in range(12)]
        path, key = f"/v1/orders/{order['id']}/payments", {"Idempotency-Key": "one-charge-of-twins"}
        pay = lambda who: who.post(path, json={"provider": "bank"}, headers=key)  # noqa: E731

        answers = at_once(*[lambda who=who: pay(who) for who in twins])

        codes = {answer.json.get("code", answer.json.get("status")) for answer in answers}
        assert "captured" in codes <= {"captured", "idempotency_in_progress"}
        assert (BANK.moved(), len(BANK.accounts)) == (2_500, 1)
        assert len(outbox("order.paid")) == 1


class TestPayAgainstCancel:
    @pytest.mark.parametrize("attempt", range(5))
    def test_the_money_is_the_orders_or_goes_back(
        self, app, charlie, as_user, alices_order, item, commit, attempt
    ):
        """A concurrent payment and cancellation leave no money with a canceled order."""
        staff = as_user(permissions=["orders.read", "orders.write"])
        path = f"/v1/orders/{alices_order['id']}"

        paid, canceled = at_once(
            lambda: charlie.post(f"{path}/payments", json={"provider": "bank"}),
            lambda: staff.post(f"{path}/cancel", json={}),
        )

        commit(make_due)
        with app.app_context():
            services.reconcile_payments()
        order = charlie.get(path).json
        assert (paid.status_code, canceled.status_code) in [(201, 200), (409, 200)]
        assert (order["status"], BANK.moved()) == ("canceled", 0)
        assert commit(books.disagreements, BANK, item) == []
        assert commit(factories.count_reserved, item) == 0
