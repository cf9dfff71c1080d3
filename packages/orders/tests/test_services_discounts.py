"""Discounts of orders that are placed, canceled and expire."""

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_orders import services
from mercato_orders.models import Adjustment, Order, PendingGiveBack

from . import factories, money, providers
from .factories import order_of

SENT = {"shipping_method": "post.standard", "email": "guest@example.com"}
KEY = {"Idempotency-Key": "a-key-of-16-letters-or-more"}


@pytest.fixture
def shop(staged):
    """The shop with fake coupons, shipping and taxes, and a coupon TENTH of 10 %."""
    shop = staged(*providers.ALL)
    shop.commit(providers.make_coupon, "TENTH")
    return shop


@pytest.fixture
def item(shop):
    """The id of a variant: 12.50 EUR, 100 in stock."""
    return shop.commit(factories.make_item)


@pytest.fixture
def order(shop, item):
    """An order of two units with the code TENTH."""
    placed = shop.client.post(
        "/v1/orders", json=order_of((item, 2), **SENT, discount_codes=["tenth"])
    )
    assert placed.status_code == 201, placed.json
    return placed.json


def cancel(shop, order):
    """Cancel a guest's order."""
    headers = {"Order-Access-Token": order["access_token"]}
    return shop.client.post(f"/v1/orders/{order['id']}/cancel", json={}, headers=headers)


class TestPlaceOrder:
    def test_charges_discounts_shipping_and_taxes(self, shop, order):
        """The order has the amounts of all parts, and reads as it was answered."""
        (line,) = order["lines"]
        headers = {"Order-Access-Token": order["access_token"]}

        read = shop.client.get(f"/v1/orders/{order['id']}", headers=headers).json

        assert read == {name: value for name, value in order.items() if name != "access_token"}
        assert (line["amount_discount"], line["tax_rate"], line["amount_tax"]) == (250, "20", 450)
        assert (order["amount_shipping"], order["amount_tax"]) == (490, 548)
        assert order["amount_total"] == 2_500 - 250 + 490 + 548
        assert order["shipping_method"] == "post.standard"
        parts = {(part["kind"], part["target"]): part for part in order["adjustments"]}
        assert {key: part["amount"] for key, part in parts.items()} == {
            ("discount", "line"): -250,
            ("shipping", "shipping"): 490,
            ("tax", "line"): 450,
            ("tax", "shipping"): 98,
        }
        assert parts["discount", "line"]["line_id"] == line["id"]
        assert parts["tax", "line"]["rate"] == "20"

    def test_the_total_of_the_quote_is_charged(self, shop, item):
        """A quote and an order of the same things have the same amounts."""
        body = order_of((item, 3), shipping_method="post.express", discount_codes=["TENTH"])
        quoted = shop.client.post("/v1/orders/quote", json=body).json

        expected = {"expected_amount_total": quoted["amount_total"], "email": SENT["email"]}
        placed = shop.client.post("/v1/orders", json=body | expected)

        assert placed.status_code == 201, placed.json
        amounts = [name for name in quoted if name.startswith("amount_")]
        assert {name: placed.json[name] for name in amounts} == {
            name: quoted[name] for name in amounts
        }

    def test_redeems_what_had_an_effect(self, shop, order):
        """A discount is redeemed with the order, which remembers its provider."""
        kept = shop.commit(factories.find_order, order["id"])

        assert shop.commit(providers.redeemed, "TENTH") == 1
        assert kept.discount_providers == ["coupons"]
        assert kept.amount_shipping_tax == 98

    def test_quotes_redeem_nothing(self, shop, item):
        """A quote counts no use."""
        body = order_of((item, 1), discount_codes=["TENTH"])

        shop.client.post("/v1/orders/quote", json=body)

        assert shop.commit(providers.redeemed, "TENTH") == 0

    def test_a_discount_that_is_gone_refuses_the_order(self, shop, item):
        """Nothing is written if the last use went to another order, and the key is free again."""
        shop.commit(providers.make_coupon, "LAST", most=0)
        body = order_of((item, 1), **SENT)

        refused = shop.client.post(
            "/v1/orders", json=body | {"discount_codes": ["LAST"]}, headers=KEY
        )
        placed = shop.client.post("/v1/orders", json=body, headers=KEY)

        assert (refused.status_code, refused.json["code"]) == (409, "discount_gone")
        assert refused.json["refusals"] == [
            {"code": "LAST", "reason": "used_up", "detail": "It is used up."}
        ]
        assert placed.status_code == 201
        assert shop.commit(lambda: session.scalar(sa.select(sa.func.count(Order.id)))) == 1
        assert shop.commit(factories.count_reserved, item) == 1

    def test_an_order_that_costs_nothing_is_paid(self, shop, item):
        """A total of 0 is paid at once; shipping and goods were reduced to nothing."""
        shop.commit(providers.make_coupon, "ALL", ppm=1_000_000)
        shop.commit(providers.make_coupon, "FREE", ppm=1_000_000, off="shipping")

        placed = shop.client.post(
            "/v1/orders", json=order_of((item, 1), **SENT, discount_codes=["ALL", "FREE"])
        ).json

        assert (placed["amount_total"], placed["payment_status"]) == (0, "paid")
        assert shop.commit(factories.reservation_status_of, placed["id"]) == "committed"
        assert shop.commit(providers.redeemed, "FREE") == 1

    def test_adjustments_explain_the_total(self, shop, order):
        """The subtotal and all adjustments of an order add up to its total."""
        total = shop.commit(_sum_of_parts, order["id"])

        assert order["amount_total"] == order["amount_subtotal"] + total


def _sum_of_parts(order_id):
    of = sa.select(sa.func.sum(Adjustment.amount)).where(
        Adjustment.order_id == factories.find_order(order_id).id
    )
    return session.scalar(of)


class TestEvents:
    def test_have_reductions_without_codes(self, shop, order):
        """Events name each reduction with its sum, and not the code, which may be a secret."""
        cancel(shop, order)

        placed, canceled = shop.commit(factories.events_of, order["id"])

        for event in (placed, canceled):
            assert event["reductions"] == [
                {
                    "provider": "coupons",
                    "id": "coupon:TENTH",
                    "label": "Coupon TENTH",
                    "amount": 250,
                }
            ]
            assert event["lines"][0]["amount_total"] == 2_700
        assert canceled["shipping_amount"] == 588


class TestGiveBack:
    def test_a_canceled_order_gives_its_discounts_back(self, shop, order):
        """The use of a canceled order is free again; a repeated cancellation changes nothing."""
        first, again = cancel(shop, order), cancel(shop, order)

        assert (first.status_code, again.status_code) == (200, 409)
        assert first.json["adjustments"] == order["adjustments"]
        assert shop.commit(providers.redeemed, "TENTH") == 0

    def test_an_expired_order_gives_its_discounts_back(self, shop, order):
        """The use of an order that was not paid in time is free again."""
        shop.commit(factories.let_time_pass, order["id"])

        with shop.app.app_context():
            services.expire_unpaid_orders()

        assert shop.commit(providers.redeemed, "TENTH") == 0

    def test_a_refund_keeps_them(self, shop, order):
        """Money and units that go back do not free the use; a cancellation of all does."""
        clerk = shop.as_user(permissions=["orders.write", "orders.refund"])
        path, units = f"/v1/orders/{order['id']}", order["lines"][0]["id"]
        shop.commit(money.pay, order["id"])
        answers = [
            clerk.post(f"{path}/refunds", json={"amount": 100}),
            clerk.post(f"{path}/cancel", json={"lines": [{"line_id": units, "quantity": 1}]}),
        ]
        kept = shop.commit(providers.redeemed, "TENTH")

        canceled = clerk.post(f"{path}/cancel", json={})

        assert [answer.status_code for answer in answers] == [201, 200]
        assert (canceled.status_code, canceled.json["payment_status"]) == (200, "refunded")
        assert (kept, shop.commit(providers.redeemed, "TENTH")) == (1, 0)

    def test_units_that_are_all_refunded_free_them(self, shop, order):
        """An order of which nothing was sent or is left to send is canceled."""
        clerk = shop.as_user(permissions=["orders.refund"])
        shop.commit(money.pay, order["id"])
        units = [{"line_id": order["lines"][0]["id"], "quantity": 2}]

        made = clerk.post(f"/v1/orders/{order['id']}/refunds", json={"lines": units})

        assert made.status_code == 201, made.json
        assert shop.commit(providers.redeemed, "TENTH") == 0

    def test_a_returned_order_keeps_them(self, shop, order):
        """What was sent and comes back does not free the use."""
        clerk = shop.as_user(permissions=["orders.refund"])
        shop.commit(money.pay, order["id"])
        shop.commit(money.ship, order["id"])
        units = [{"line_id": order["lines"][0]["id"], "quantity": 2}]

        body = {"lines": units, "restock": True}
        made = clerk.post(f"/v1/orders/{order['id']}/refunds", json=body)

        assert made.status_code == 201, made.json
        assert shop.commit(providers.redeemed, "TENTH") == 1

    def test_waits_for_a_provider_that_is_away(self, shop, order):
        """Discounts of a provider that is not composed are given back when it is again."""
        shop.commit(_rename_provider, order["id"], "away")
        cancel(shop, order)
        waiting = shop.commit(_waiting)
        with shop.app.app_context():
            without = services.give_back_pending()
        shop.commit(_rename_waiting, "coupons")

        with shop.app.app_context():
            given = [services.give_back_pending() for _ in range(2)]

        assert (waiting, without, given) == (["away"], 0, [1, 0])
        assert shop.commit(providers.redeemed, "TENTH") == 0
        assert shop.commit(_waiting) == []


def _rename_provider(order_id, name):
    factories.find_order(order_id).discount_providers = [name]


def _rename_waiting(name):
    session.execute(sa.update(PendingGiveBack).values(provider=name))


def _waiting():
    return list(session.scalars(sa.select(PendingGiveBack.provider)))


class TestStatements:
    def test_pricing_costs_six_statements(self, shop, client, commit, statements):
        """Discounts, shipping and taxes take six statements, whatever the lines and codes."""
        items = [shop.commit(factories.make_item) for _ in range(20)]
        codes = [f"CODE-{number}" for number in range(5)]
        for code in codes:
            shop.commit(providers.make_coupon, code, amount=10)
        bodies = [
            order_of(*[(item, 1) for item in items[:lines]], **SENT, discount_codes=codes[:many])
            for lines, many in [(1, 1), (5, 5), (20, 1), (20, 5)]
        ]
        plain = order_of((commit(factories.make_item), 1), email=SENT["email"])

        sent = [_count(shop.client, shop.statements, "/v1/orders", body) for body in bodies]
        without = _count(client, statements, "/v1/orders", plain)

        assert len(set(sent)) == 1, sent
        assert sent[0] - without <= 6

    def test_a_quote_takes_four(self, shop, item):
        """A quote asks the catalog, discounts, shipping and taxes: a SELECT each."""
        body = order_of((item, 1), discount_codes=["TENTH"])

        assert _count(shop.client, shop.statements, "/v1/orders/quote", body) == 4

    def test_cancelling_takes_two_more(self, shop, item, order):
        """What a canceled order gives back takes the two statements of its provider."""
        plain = shop.client.post("/v1/orders", json=order_of((item, 2), **SENT)).json
        sent = []

        for one in (plain, order):
            with shop.statements as counted:
                assert cancel(shop, one).status_code == 200
            sent.append(len(counted))

        assert sent[1] - sent[0] == 2, counted


def _count(client, statements, path, body):
    with statements as sent:
        answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.json
    return len(sent)
