from mercato_contracts.shipping import Method, Shipping
from mercato_kit.db import new_id
from mercato_orders.sample_data import ORDERS, make_sample_data
from mercato_testing.fakes import fake

from . import factories


class TestMakeSampleData:
    def test_places_orders_in_several_states(self, charlie, commit):
        """24 orders of existing customers are placed; most are paid and some are canceled."""
        variants = [commit(factories.make_item, sku=f"SKU-{number}") for number in range(5)]
        customers = [(new_id(), "ada@example.com", "Ada"), (new_id(), "tom@example.com", "Tom")]

        (line,) = commit(make_sample_data, {"variant_ids": variants, "customers": customers})

        listed = charlie.get("/v1/orders?limit=100").json["data"]
        assert len(listed) == ORDERS
        assert str(ORDERS) in line
        assert {order["customer_email"] for order in listed} == {
            "ada@example.com",
            "tom@example.com",
        }
        assert {"open", "canceled"} == {order["status"] for order in listed}
        assert {"paid", "unpaid"} == {order["payment_status"] for order in listed}

    def test_does_nothing_the_second_time(self, charlie, item, commit):
        """A second run changes nothing; without customers, the orders are placed by guests."""
        commit(make_sample_data, {"variant_ids": [item]})

        assert commit(make_sample_data, {"variant_ids": [item]}) == []
        assert len(charlie.get("/v1/orders?limit=100").json["data"]) == ORDERS

    def test_places_no_orders_without_variants(self, charlie, commit):
        """Without variants, no orders are placed."""
        assert commit(make_sample_data, {}) == []
        assert charlie.get("/v1/orders").json["data"] == []

    def test_chooses_a_shipping_method(self, staged):
        """Where goods are shipped, the orders have the first method of their quote."""
        methods = (Method("standard", "Standard", 490), Method("express", "Express", 990))
        shop = staged(fake(Shipping, name="post", methods=methods))
        variants = [shop.commit(factories.make_item)]

        shop.commit(make_sample_data, {"variant_ids": variants})

        staff = shop.as_user(permissions=["orders.read"])
        listed = staff.get("/v1/orders").json["data"]
        order = staff.get(f"/v1/orders/{listed[0]['id']}").json
        assert (order["shipping_method"], order["amount_shipping"]) == ("post.standard", 490)
