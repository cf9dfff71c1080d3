from mercato_kit.db import new_id
from mercato_orders.sample_data import ORDERS
from mercato_orders.sample_data import make_sample_data

from . import factories


class TestMakeSampleData:
    def test_a_shop_that_has_been_open_for_a_while(self, charlie, commit):
        """Two dozen orders, of customers that are there, most of them paid, some canceled."""
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

    def test_the_second_time_makes_nothing(self, charlie, item, commit):
        """Loading the sample data again changes nothing; without customers, guests buy."""
        commit(make_sample_data, {"variant_ids": [item]})

        assert commit(make_sample_data, {"variant_ids": [item]}) == []
        assert len(charlie.get("/v1/orders?limit=100").json["data"]) == ORDERS

    def test_without_goods_there_are_no_orders(self, charlie, commit):
        """Where no feature left anything to sell, nothing is ordered."""
        assert commit(make_sample_data, {}) == []
        assert charlie.get("/v1/orders").json["data"] == []
