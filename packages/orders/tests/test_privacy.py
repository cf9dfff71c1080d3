from mercato_kit.db import new_id
from mercato_kit.events import Event
from mercato_kit.outbox import publish
from mercato_orders.privacy import export_subject

from . import factories
from .factories import order_of


class TestEraseSubject:
    def test_the_person_is_gone_and_the_books_stay(self, alice, charlie, item, commit, run_worker):
        """When a user is erased, orders keep number, amounts and country, and nothing else."""
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

    def test_others_keep_their_names(self, bob, charlie, item, commit, run_worker):
        """Erasing one person touches nobody else."""
        before = bob.post("/v1/orders", json=order_of((item, 1))).json
        erased = Event(
            topic="user.erased", aggregate_type="user", aggregate_id=new_id(), aggregate_version=2
        )

        commit(publish, erased)
        run_worker()

        assert charlie.get(f"/v1/orders/{before['id']}").json == before


class TestExportSubject:
    def test_it_has_all_orders_of_the_person(self, alice, bob, item, commit):
        """A person gets their own orders as the API shows them, and nobody else's."""
        mine = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(2)]
        bob.post("/v1/orders", json=order_of((item, 1)))

        exported = commit(export_subject, alice.sub)

        assert [order["number"] for order in exported["orders"]] == [o["number"] for o in mine]
        assert exported["orders"][0]["lines"][0]["sku"] == "LAMP"
