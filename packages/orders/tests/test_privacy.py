from mercato_kit.db import new_id
from mercato_kit.events import Event
from mercato_kit.outbox import publish
from mercato_orders.privacy import export_subject

from . import factories
from .factories import order_of


class TestEraseSubject:
    def test_erases_personal_data_and_keeps_amounts(self, alice, charlie, item, commit, run_worker):
        """When a user is erased, their orders keep only number, amounts, lines and country."""
        body = order_of(
            (item, 2),
            note="Ring twice",
            metadata={"gift": "yes"},
            billing_address=factories.ADDRESS,
        )
        before = alice.post("/v1/orders", json=body).json
        erased = Event(
            topic="user.erased", aggregate_type="user", aggregate_id=alice.sub, aggregate_version=2
        )

        commit(publish, erased)
        run_worker()

        order = charlie.get(f"/v1/orders/{before['id']}").json
        assert (order["customer_email"], order["customer_name"], order["note"]) == (None,) * 3
        assert order["shipping_address"] == order["billing_address"] == {"country": "IT"}
        assert order["metadata"] == {}
        for kept in ("number", "lines", "amount_total", "currency"):
            assert order[kept] == before[kept]

    def test_keeps_data_of_other_customers(self, bob, charlie, item, commit, run_worker):
        """Erasing one customer does not change other customers' orders."""
        before = bob.post("/v1/orders", json=order_of((item, 1))).json
        erased = Event(
            topic="user.erased", aggregate_type="user", aggregate_id=new_id(), aggregate_version=2
        )

        commit(publish, erased)
        run_worker()

        assert charlie.get(f"/v1/orders/{before['id']}").json == before


class TestExportSubject:
    def test_exports_all_orders_of_the_customer(self, alice, bob, item, commit):
        """The export has all orders of the customer, and only theirs, in the format of the API."""
        mine = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(2)]
        bob.post("/v1/orders", json=order_of((item, 1)))

        exported = commit(export_subject, alice.sub)

        assert [order["number"] for order in exported["orders"]] == [o["number"] for o in mine]
        assert exported["orders"][0]["lines"][0]["sku"] == "LAMP"
