from uuid import UUID

import pytest

from mercato_orders import services

from . import factories
from .factories import order_of


def pay(who, order):
    """Pay an order."""
    return who.post(f"/v1/orders/{order['id']}/payments", json={"provider": "desk"})


class TestExpireUnpaidOrders:
    def test_expires_unpaid_orders(self, alice, item, alices_order, commit, sweep, outbox):
        """An expired order releases its units and publishes an event."""
        commit(factories.let_time_pass, alices_order["id"])

        expired = sweep()

        order = alice.get(f"/v1/orders/{alices_order['id']}").json
        assert (expired, order["status"]) == (1, "expired")
        assert commit(factories.count_reserved, item) == 0
        assert len(outbox("order.expired")) == 1

    def test_the_worker_runs_it(self, alice, alices_order, commit, run_worker):
        """The worker runs the job."""
        commit(factories.let_time_pass, alices_order["id"])

        run_worker()

        assert alice.get(f"/v1/orders/{alices_order['id']}").json["status"] == "expired"

    def test_keeps_orders_that_are_not_due(self, alice, alices_order, sweep):
        """An order is not expired early."""
        assert sweep() == 0
        assert alice.get(f"/v1/orders/{alices_order['id']}").json["status"] == "open"

    def test_keeps_paid_orders(self, charlie, alices_order, commit, sweep):
        """A paid order never expires."""
        pay(charlie, alices_order)
        commit(factories.let_time_pass, alices_order["id"])

        assert sweep() == 0

    @pytest.mark.parametrize("status", ["processing", "requires_action", "authorized"])
    def test_keeps_orders_with_an_unfinished_payment(self, alices_order, commit, sweep, status):
        """An order with an unfinished payment keeps its units."""
        commit(factories.make_payment, alices_order["id"], status=status)
        commit(factories.let_time_pass, alices_order["id"])

        expired = sweep(), commit(services.expire_order, UUID(alices_order["id"]))

        assert expired == (0, False)
        assert commit(factories.reservation_status_of, alices_order["id"]) == "held"

    def test_gives_a_payment_up_first(self, alice, alices_order, commit, sweep):
        """A payment in flight is to be closed; then the order expires."""
        payment = commit(factories.make_payment, alices_order["id"])
        commit(factories.let_time_pass, alices_order["id"])

        first = sweep()
        requested = commit(factories.find_payment, payment).void_requested_at
        commit(factories.change_payment, payment, status="canceled")

        assert (first, requested is not None, sweep()) == (0, True, 1)

    def test_a_payment_that_was_never_opened_is_canceled(self, alices_order, commit, sweep):
        """Without a reference it cannot move money, so the order expires at once."""
        payment = commit(factories.make_payment, alices_order["id"], provider_payment_id=None)
        commit(factories.let_time_pass, alices_order["id"])

        assert sweep() == 1
        assert commit(factories.find_payment, payment).status == "canceled"

    def test_an_expired_order_cannot_be_paid(self, charlie, alices_order, commit, sweep):
        """Paying an expired order is refused."""
        commit(factories.let_time_pass, alices_order["id"])
        sweep()

        assert pay(charlie, alices_order).json["code"] == "order_not_payable"

    def test_a_failing_order_does_not_block_others(self, alice, item, commit, sweep, caplog):
        """An order that cannot be expired is logged, and the other orders expire."""
        jammed = commit(factories.make_item, sku="JAMMED")
        orders = [alice.post("/v1/orders", json=order_of((it, 1))).json for it in (jammed, item)]
        commit(factories.lose_count, jammed)
        for order in orders:
            commit(factories.let_time_pass, order["id"])

        expired = [sweep() for _ in range(2)]

        states = [alice.get(f"/v1/orders/{order['id']}").json["status"] for order in orders]
        assert (expired, states) == ([1, 0], ["open", "expired"])
        assert orders[0]["id"] in caplog.text
