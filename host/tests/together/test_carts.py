"""Carts with the real catalogue, vouchers and orders."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from .invariants import find_violations
from .shopping import ADDRESS, key, stock_variant

STAFF = ["products.write", "stock.read", "stock.write", "orders.read", "vouchers.write"]
TEN = {"name": "Ten", "kind": "percent", "ppm": 100_000, "code": "TEN", "max_redemptions": 1}


@pytest.fixture
def shop(boot, write_deployment, issuer):
    """The client of a shop with carts."""
    path = write_deployment("products", "orders", "vouchers", "carts", more=issuer.table)
    return boot(path).test_client()


@pytest.fixture
def staff(issuer) -> dict[str, str]:
    """Headers of a member of staff."""
    return {"Authorization": f"Bearer {issuer.token(str(uuid4()), permissions=STAFF)}"}


@pytest.fixture
def lamp(shop, staff) -> str:
    """The id of a variant: 10.00 EUR, 10 in stock; the code TEN takes 10 % off, once."""
    made = shop.post("/v1/vouchers", json=TEN, headers={**staff, **key()})
    assert made.status_code == 201, made.text
    return stock_variant(shop, staff, units=10)


def fill(shop, variant_id: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Open a cart with two units and the code TEN; return its path, and the headers for it."""
    opened = shop.post("/v1/carts", json={"currency": "EUR"}, headers=headers).json
    token = opened["access_token"]
    own = {**headers, "Cart-Token": token} if token else headers
    path = f"/v1/carts/{opened['id']}"
    units = {"variant_id": variant_id, "quantity": 2}
    assert shop.post(f"{path}/lines", json=units, headers={**own, **key()}).status_code == 200
    assert shop.put(f"{path}/codes", json={"codes": ["ten"]}, headers=own).status_code == 200
    return path, own


def checkout_of(total: int) -> dict[str, Any]:
    """Return the body of a guest's checkout."""
    return {
        "email": "bea@example.com",
        "shipping_address": ADDRESS,
        "expected_amount_total": total,
    }


class TestCheckOut:
    def test_costs_what_the_cart_shows(self, shop, staff, lamp):
        """The order has the total of the cart, its lines and its code."""
        path, guest = fill(shop, lamp, {})
        cart = shop.get(path, headers=guest).json

        placed = shop.post(
            f"{path}/checkout", json=checkout_of(cart["totals"]["amount_total"]), headers=guest
        )

        assert placed.status_code == 200, placed.text
        order = shop.get(f"/v1/orders/{placed.json['id']}", headers=staff).json
        token = {"Order-Access-Token": placed.json["access_token"]}
        assert shop.get(f"/v1/orders/{placed.json['id']}", headers=token).status_code == 200
        assert cart["totals"]["amount_total"] == order["amount_total"] == 1_800
        assert [part["code"] for part in order["adjustments"]] == ["TEN"]
        assert shop.get(path, headers=guest).json["order_id"] == order["id"]

    def test_is_once_for_twelve_clients(self, shop, staff, lamp, database_url):
        """Concurrent checkouts of a cart place one order, redeem once and hold its units once."""
        path, guest = fill(shop, lamp, {})
        clients = [shop.application.test_client() for _ in range(12)]

        with ThreadPoolExecutor(12) as threads:
            answers = list(
                threads.map(
                    lambda client: client.post(
                        f"{path}/checkout", json=checkout_of(1_800), headers=guest
                    ),
                    clients,
                )
            )

        assert {answer.status_code for answer in answers} == {200}, answers[0].text
        assert len({answer.data for answer in answers}) == 1
        assert len(shop.get("/v1/orders", headers=staff).json["data"]) == 1
        engine = sa.create_engine(database_url, poolclass=sa.pool.NullPool)
        assert find_violations(engine) == []

    def test_a_code_that_was_used_up_meanwhile_changes_the_total(self, shop, lamp):
        """The cart keeps the code with the reason, and is ordered at the new total only."""
        carts = [fill(shop, lamp, {}) for _ in range(2)]
        (first, guest), (path, other) = carts
        shop.post(f"{first}/checkout", json=checkout_of(1_800), headers=guest)

        refused = shop.post(f"{path}/checkout", json=checkout_of(1_800), headers=other)
        cart = shop.get(path, headers=other).json
        placed = shop.post(f"{path}/checkout", json=checkout_of(2_000), headers=other)

        assert (refused.status_code, refused.json["reason"]) == (409, "price_changed")
        assert [(one["applies"], one["reason"]) for one in cart["codes"]] == [(False, "used_up")]
        assert placed.status_code == 200, placed.text


class TestMerge:
    def test_a_guest_signs_in(self, shop, issuer, lamp):
        """The customer's cart has the lines of both, is priced, and is ordered by the account."""
        sub = str(uuid4())
        claims = {"email": "bea@example.com", "email_verified": True}
        customer = {"Authorization": f"Bearer {issuer.token(sub, **claims)}"}
        path, guest = fill(shop, lamp, {})
        own, _ = fill(shop, lamp, customer)
        body = {"cart_id": path.rpartition("/")[2]}

        merged = shop.post("/v1/carts/merge", json=body, headers={**customer, **guest}).json
        placed = shop.post(
            f"{own}/checkout",
            json=checkout_of(merged["totals"]["amount_total"]),
            headers=customer,
        )

        assert [line["quantity"] for line in merged["lines"]] == [4]
        assert merged["totals"]["amount_total"] == 3_600
        assert (placed.status_code, placed.json["access_token"]) == (200, None)
        orders = shop.get("/v1/orders", headers=customer).json["data"]
        assert [order["customer_id"] for order in orders] == [sub]
