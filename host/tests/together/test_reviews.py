"""Buyers review what they bought, and products show it: with the real products and orders."""

import pytest

from mercato_orders.feature import feature as orders
from mercato_payments_manual.feature import feature as payments_manual
from mercato_products.feature import feature as products
from mercato_reviews.feature import feature  # noqa: F401 - the feature under test

from .shopping import new_order, stock_variant


@pytest.fixture
def fakes():
    """The features themselves, instead of fakes of their contracts."""
    return [products, orders, payments_manual]


class TestReviews:
    def test_are_of_buyers(self, client, as_user, alice, bob):
        """A customer reviews a product once its order is paid; others and staff cannot."""
        staff = as_user(permissions=["products.write", "stock.write", "orders.write"])
        variant_id = stock_variant(staff, {}, units=3)
        product_id = client.get(f"/v1/variants/{variant_id}").json["product_id"]
        body = {"product_id": product_id, "rating": 4, "text": "Bright."}
        order = new_order(variant_id)
        del order["email"]

        placed = alice.post("/v1/orders", json=order).json
        unpaid = alice.post("/v1/reviews", json=body).status_code
        paid = staff.post(f"/v1/orders/{placed['id']}/payments", json={"provider": "manual"})
        answers = [who.post("/v1/reviews", json=body).status_code for who in (alice, bob, staff)]

        assert paid.status_code == 201, paid.text
        assert (unpaid, answers) == (403, [201, 403, 403])
        listed = client.get("/v1/products?expand=reviews").json["data"]
        assert [one["expanded"] for one in listed] == [{"reviews": {"average": 4.0, "count": 1}}]
