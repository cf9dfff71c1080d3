"""Many at once: real threads, each with a connection of its own."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mercato_orders import services
from mercato_orders.payments.provider import Result

from . import factories
from .factories import order_of


def at_once(*calls):
    """Run the calls at the same time; returns what each returns."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


class TestManyBuyers:
    def test_the_last_units_are_sold_once(self, app, as_user, commit):
        """Twelve buyers of five units make five orders, and seven are told."""
        scarce = commit(factories.make_item, in_stock=5)
        body = order_of((scarce, 1))
        buyers = [as_user() for _ in range(12)]

        answers = at_once(*[lambda who=who: who.post("/v1/orders", json=body) for who in buyers])

        codes = sorted(answer.status_code for answer in answers)
        assert codes == [201] * 5 + [409] * 7
        assert commit(factories.count_reserved, scarce) == 5

    def test_twins_make_one_order(self, as_user, item, commit):
        """The same request sent eight times at once is one order, with the same bytes each."""
        alice = as_user(email="alice@example.com")
        twins = [as_user(email="alice@example.com", sub=alice.sub) for _ in range(8)]
        body, key = order_of((item, 1)), {"Idempotency-Key": "one-order-of-twins"}

        answers = at_once(
            *[lambda who=who: who.post("/v1/orders", json=body, headers=key) for who in twins]
        )

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.data for answer in answers}) == 1
        assert commit(factories.count_reserved, item) == 1


class TestPayAgainstExpire:
    @pytest.mark.parametrize("attempt", range(5))
    def test_either_wins_and_never_both(self, charlie, item, alices_order, commit, sweep, attempt):
        """A payment and the sweeper at the same time: paid and committed, or expired and free."""
        commit(factories.let_time_pass, alices_order["id"])
        path = f"/v1/orders/{alices_order['id']}/payments"

        answer, _ = at_once(
            lambda: charlie.post(path, json={"provider": "manual"}),
            sweep,
        )

        order = charlie.get(f"/v1/orders/{alices_order['id']}").json
        state = order["status"], order["payment_status"]
        outcome = (
            answer.status_code,
            state,
            commit(factories.promise_of, alices_order["id"]),
            commit(factories.count_reserved, item),
        )
        assert outcome in [
            (201, ("open", "paid"), "committed", 2),
            (409, ("expired", "unpaid"), "released", 0),
        ]

    def test_many_sweepers_expire_once(self, alice, item, commit, sweep, outbox):
        """Several workers sweep at once: each order expires once."""
        orders = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(6)]
        for order in orders:
            commit(factories.let_time_pass, order["id"])

        counts = at_once(*[sweep] * 4)

        assert sum(counts) == 6
        assert len(outbox("order.expired")) == 6
        assert commit(factories.count_reserved, item) == 0

    def test_a_settlement_counts_once(self, alices_order, commit, outbox):
        """A provider that reports twice at the same moment pays the order once."""
        started = commit(factories.make_payment, alices_order["id"])
        settle = lambda: commit(services.settle_payment, started, Result("captured"))  # noqa: E731

        payments = at_once(*[settle] * 4)

        assert {payment.status for payment in payments} == {"captured"}
        assert len(outbox("order.paid")) == 1
