from uuid import UUID

from mercato_kit.db import new_id
from mercato_kit.privacy import Subject
from mercato_orders.privacy import PERSONAL_DATA, erase
from mercato_testing.privacy import exported

from . import factories
from .factories import order_of


class TestErase:
    def test_erases_personal_data_and_keeps_amounts(self, alice, charlie, item, commit):
        """When a user is erased, their orders keep only number, amounts, lines and country."""
        body = order_of(
            (item, 2),
            note="Ring twice",
            metadata={"gift": "yes"},
            billing_address=factories.ADDRESS,
        )
        before = alice.post("/v1/orders", json=body).json

        erased = commit(erase, Subject(alice.sub))

        assert (erased.ids, erased.counts) == ([UUID(before["id"])], {"orders": 1})

        order = charlie.get(f"/v1/orders/{before['id']}").json
        assert (order["customer_email"], order["customer_name"], order["note"]) == (None,) * 3
        assert order["shipping_address"] == order["billing_address"] == {"country": "IT"}
        assert order["metadata"] == {}
        for kept in ("number", "lines", "amount_total", "currency"):
            assert order[kept] == before[kept]

    def test_keeps_data_of_other_customers(self, bob, charlie, item, commit):
        """Erasing one customer does not change other customers' orders."""
        before = bob.post("/v1/orders", json=order_of((item, 1))).json

        commit(erase, Subject(new_id()))

        assert charlie.get(f"/v1/orders/{before['id']}").json == before


class TestExport:
    def test_exports_all_orders_of_the_customer(self, alice, bob, item, commit):
        """The export has all orders of the customer, and only theirs, in the format of the API."""
        mine = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(2)]
        bob.post("/v1/orders", json=order_of((item, 1)))

        found = commit(exported, PERSONAL_DATA, Subject(alice.sub))

        assert [order["number"] for order in found["orders"]] == [o["number"] for o in mine]
        assert found["orders"][0]["lines"][0]["sku"] == "LAMP"
