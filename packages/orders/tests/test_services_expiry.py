from uuid import UUID

import pytest

from mercato_orders import services

from . import factories
from .factories import order_of


def pay(who, order):
    """Pay an order."""
    return who.post(f"/v1/orders/{order['id']}/payments", json={"provider": "manual"})


class TestExpireUnpaidOrders:
    def test_orders_that_nobody_paid_expire(self, alice, item, alices_order, commit, sweep, outbox):
        """After their time is over, the units are free again and others hear of it."""
        commit(factories.let_time_pass, alices_order["id"])

        expired = sweep()

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (expired, order["status"]) == (1, "expired")
        assert commit(factories.count_reserved, item) == 0
        assert len(outbox("order.expired")) == 1

    def test_the_worker_runs_it(self, alice, alices_order, commit, run_worker):
        """Nobody has to ask for it."""
        commit(factories.let_time_pass, alices_order["id"])

        run_worker()

        assert alice.get(f"/v1/orders/{alices_order['id']}").json["status"] == "expired"

    def test_orders_that_have_time_stay(self, alice, alices_order, sweep):
        """An order is not expired before its time."""
        assert sweep() == 0
        assert alice.get(f"/v1/orders/{alices_order['id']}").json["status"] == "open"

    def test_paid_orders_stay(self, charlie, alices_order, commit, sweep):
        """A paid order never expires."""
        pay(charlie, alices_order)
        commit(factories.let_time_pass, alices_order["id"])

        assert sweep() == 0

    @pytest.mark.parametrize("status", ["processing", "requires_action", "authorized"])
    def test_orders_being_paid_stay(self, alices_order, commit, sweep, status):
        """While a payment may still take the money, the order keeps its units."""
        commit(factories.make_payment, alices_order["id"], status=status)
        commit(factories.let_time_pass, alices_order["id"])

        expired = sweep(), commit(services.expire_order, UUID(alices_order["id"]))

        assert expired == (0, False)
        assert commit(factories.promise_of, alices_order["id"]) == "held"

    def test_an_expired_order_cannot_be_paid(self, charlie, alices_order, commit, sweep):
        """What is over stays over."""
        commit(factories.let_time_pass, alices_order["id"])
        sweep()

        assert pay(charlie, alices_order).json["code"] == "order_not_payable"

    def test_a_broken_order_keeps_nobody_waiting(self, alice, item, commit, sweep, caplog):
        """An order that cannot be expired is logged, and the others expire all the same."""
        jammed = commit(factories.make_item, sku="JAMMED")
        orders = [alice.post("/v1/orders", json=order_of((it, 1))).json for it in (jammed, item)]
        commit(factories.lose_count, jammed)
        for order in orders:
            commit(factories.let_time_pass, order["id"])

        expired = [sweep() for _ in range(2)]

        states = [alice.get(f"/v1/orders/{order['id']}").json["status"] for order in orders]
        assert (expired, states) == ([1, 0], ["open", "expired"])
        assert orders[0]["id"] in caplog.text
