import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from mercato_contracts.orders import WantedLine
from mercato_kit.db import MAX_SAFE_INTEGER, new_id, session
from mercato_kit.principals import Principal
from mercato_orders import services
from mercato_orders.models import Order
from mercato_orders.values import NewOrder

from . import factories
from .factories import order_of

KEY = {"Idempotency-Key": "a-key-of-16-letters-or-more"}


class TestPlaceOrder:
    def test_a_customer_places_an_order(self, alice, item, commit):
        """The response is the order with its lines and prices; its units are reserved."""
        placed = alice.post("/v1/orders", json=order_of((item, 2)))

        order = placed.json
        assert placed.status_code == 201, order
        assert placed.headers["Location"] == f"/v1/orders/{order['id']}"
        assert placed.headers["ETag"] == '"1"'
        assert (order["status"], order["payment_status"]) == ("open", "unpaid")
        assert (order["amount_total"], order["currency"]) == (2_500, "EUR")
        assert [line["quantity"] for line in order["lines"]] == [2]
        assert (order["customer_id"], order["customer_name"]) == (str(alice.sub), "Alice")
        assert "access_token" not in order
        assert alice.get(placed.headers["Location"]).json == order
        assert commit(factories.count_reserved, item) == 2

    def test_a_guest_gets_an_access_token(self, client, item, commit):
        """A guest's order has no owner but an access token; only its hash is stored."""
        body = order_of((item, 1), email="guest@example.com")

        order = client.post("/v1/orders", json=body).json

        kept = commit(factories.find_order, order["id"])
        assert order["customer_id"] is None
        assert re.fullmatch("[0-9a-f]{64}", order["access_token"])
        assert kept.guest_token_hash not in (None, order["access_token"])

    def test_a_guest_must_send_an_email(self, client, item):
        """A guest's order without an e-mail address is refused."""
        for missing in ({}, {"email": None}):
            refused = client.post("/v1/orders", json=order_of((item, 1), **missing))

            assert refused.status_code == 422
            assert [error["pointer"] for error in refused.json["errors"]] == ["/email"]

    def test_an_email_is_stored_as_written(self, client, charlie, item):
        """The order has the address as its owner wrote it, and is found by any spelling of it."""
        body = order_of((item, 1), email="Gu\u00df.Est@B\u00fccher.Example")

        placed = client.post("/v1/orders", json=body).json

        by_label = "gu\u00df.est@xn--bcher-kva.example"
        listed = charlie.get("/v1/orders", query_string={"email": by_label}).json["data"]
        folded = charlie.get("/v1/orders?email=guss.est@xn--bcher-kva.example").json["data"]
        assert placed["customer_email"] == "Gu\u00df.Est@B\u00fccher.Example"
        assert [order["id"] for order in listed] == [placed["id"]]
        assert folded == []

    def test_no_column_has_a_folded_address(self, client, item, commit):
        """A row of an order has its address as written, and no other form of it."""
        client.post("/v1/orders", json=order_of((item, 1), email="Guest@Example.com"))

        row = commit(lambda: repr(session.execute(sa.select(Order.__table__)).one()))

        assert "Guest@Example.com" in row
        assert "guest@example.com" not in row

    def test_customers_may_send_their_own_email(self, alice, item):
        """A customer may send the address of their account, in any spelling."""
        placed = alice.post("/v1/orders", json=order_of((item, 1), email="Alice@EXAMPLE.com"))

        assert (placed.status_code, placed.json["customer_email"]) == (201, "alice@example.com")

    def test_another_email_than_the_verified_one_is_refused(self, alice, item):
        """A customer with a verified address cannot send another one."""
        refused = alice.post("/v1/orders", json=order_of((item, 1), email="bob@example.com"))

        assert (refused.status_code, refused.json["code"]) == (422, "validation_failed")
        assert [error["pointer"] for error in refused.json["errors"]] == ["/email"]

    def test_an_unverified_email_may_be_replaced(self, item, commit):
        """A customer whose address is not verified may send another one."""
        customer = Principal(sub=new_id(), kind="user", email="Typo@example.com")
        new = NewOrder(
            lines=[WantedLine(item, 1)], currency="EUR", shipping_address=factories.BOLOGNA
        )

        said = commit(services.place_order, replace(new, email="right@example.com"), customer)
        silent = commit(services.place_order, new, customer)

        assert said.content["customer_email"] == "right@example.com"
        assert silent.content["customer_email"] == "Typo@example.com"

    def test_a_long_name_fits(self, as_user, item):
        """The longest name that a principal can have is stored on both databases."""
        placed = as_user(name="x" * 255).post("/v1/orders", json=order_of((item, 1)))

        assert (placed.status_code, placed.json["customer_name"]) == (201, "x" * 255)

    def test_kosovo_is_a_country(self, alice, item):
        """XK is accepted, which ISO 3166-1 leaves to its users."""
        body = order_of((item, 1), shipping_address=factories.ADDRESS | {"country": "XK"})

        placed = alice.post("/v1/orders", json=body)

        assert (placed.status_code, placed.json["shipping_address"]["country"]) == (201, "XK")

    def test_numbers_rise_from_1001(self, alice, item):
        """Order numbers ascend from 1001."""
        body = order_of((item, 1))

        orders = [alice.post("/v1/orders", json=body).json for _ in range(3)]

        assert [order["number"] for order in orders] == [1001, 1002, 1003]

    def test_lines_of_one_variant_are_summed(self, alice, item, commit):
        """Two lines of one variant become one line, at the position of the first."""
        other = commit(factories.make_item, sku="CHAIR")

        order = alice.post("/v1/orders", json=order_of((item, 2), (other, 1), (item, 3))).json

        lines = [(line["variant_id"], line["quantity"]) for line in order["lines"]]
        assert lines == [(str(item), 5), (str(other), 1)]

    def test_the_sum_of_lines_has_the_limit_of_a_line(self, alice, item):
        """The quantities of all lines of one variant together are limited like one line."""
        refused = alice.post("/v1/orders", json=order_of((item, 500), (item, 500)))

        pointers = [error["pointer"] for error in refused.json["errors"]]
        assert refused.status_code == 422
        assert pointers == ["/lines/0/quantity", "/lines/1/quantity"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"lines": []}, "/lines"),
            ({"currency": "XXX"}, "/currency"),
            ({"currency": "eur"}, "/currency"),
            ({"shipping_address": None}, "/shipping_address"),
            ({"shipping_address": factories.ADDRESS | {"country": "ITA"}}, "/shipping_address"),
            ({"shipping_address": factories.ADDRESS | {"country": "UK"}}, "/shipping_address"),
            ({"shipping_address": factories.ADDRESS | {"country": None}}, "/shipping_address"),
            ({"shipping_address": factories.ADDRESS | {"name": " "}}, "/shipping_address/name"),
            (
                {"shipping_address": factories.ADDRESS | {"line1": "1\n2"}},
                "/shipping_address/line1",
            ),
            ({"shipping_address": factories.ADDRESS | {"line2": ""}}, "/shipping_address/line2"),
            ({"billing_address": factories.ADDRESS | {"city": "\x1b"}}, "/billing_address/city"),
            ({"note": "\x07"}, "/note"),
            ({"email": "nobody"}, "/email"),
            ({"expected_amount_total": -1}, "/expected_amount_total"),
            ({"number": 7}, "/number"),
            ({"metadata": {"key": 1}}, "/metadata"),
        ],
    )
    def test_invalid_input_is_refused_with_a_pointer(self, alice, item, change, pointer):
        """Invalid input is refused with a pointer to the field."""
        refused = alice.post("/v1/orders", json=order_of((item, 1)) | change)

        assert refused.status_code == 422
        assert all(error["pointer"].startswith(pointer) for error in refused.json["errors"])

    def test_null_means_absent(self, alice, item):
        """Optional fields of an order may be null."""
        nothing = dict.fromkeys(
            ("email", "billing_address", "expected_amount_total", "note", "shipping_method")
        )
        no_line2 = dict.fromkeys(("line2", "region"))
        body = order_of((item, 1), **nothing, discount_codes=[])
        body["shipping_address"] = factories.ADDRESS | no_line2

        placed = alice.post("/v1/orders", json=body)

        assert placed.status_code == 201, placed.json
        assert placed.json["customer_email"] == "alice@example.com"
        assert placed.json["shipping_address"] == factories.ADDRESS

    @pytest.mark.parametrize(
        ("wish", "code", "pointer"),
        [
            ({"shipping_method": "pigeon"}, "unknown_shipping_method", "/shipping_method"),
            ({"discount_codes": ["FREE"]}, "unknown_discount_code", "/discount_codes/0"),
        ],
    )
    @pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/quote"])
    def test_unsupported_options_are_refused(self, alice, item, path, wish, code, pointer):
        """A discount code or shipping method is refused, not ignored."""
        body = order_of((item, 1), **wish)
        if path.endswith("quote"):
            del body["shipping_address"]

        refused = alice.post(path, json=body)

        assert (refused.status_code, refused.json["code"]) == (422, code)
        assert [error["pointer"] for error in refused.json["errors"]] == [pointer]

    @pytest.mark.parametrize("quantity", [0, -1, 1_000, 1.5, "2", True, None])
    def test_quantities_are_whole_and_bounded(self, alice, item, quantity):
        """A quantity is an integer from 1 to 999."""
        refused = alice.post("/v1/orders", json=order_of((item, quantity)))

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/lines/0/quantity"

    def test_an_order_has_at_most_100_lines(self, alice):
        """More than 100 lines are refused."""
        refused = alice.post("/v1/orders", json=order_of(*[(new_id(), 1)] * 101))

        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/lines")

    def test_unavailable_variants_are_listed(self, alice, item):
        """An unavailable variant refuses the whole order; the problem lists it."""
        unknown = new_id()

        refused = alice.post("/v1/orders", json=order_of((item, 1), (unknown, 1)))

        assert (refused.status_code, refused.json["code"]) == (409, "variant_unavailable")
        assert refused.json["variant_ids"] == [str(unknown)]

    def test_shortages_are_listed_and_nothing_is_reserved(self, alice, item, commit, outbox):
        """A refused order leaves no order, no reservation and no event."""
        scarce = commit(factories.make_item, sku="RARE", in_stock=3)

        refused = alice.post("/v1/orders", json=order_of((item, 1), (scarce, 5)))

        assert (refused.status_code, refused.json["code"]) == (409, "insufficient_stock")
        assert refused.json["shortages"] == [
            {"variant_id": str(scarce), "requested": 5, "available_hint": 3}
        ]
        assert commit(factories.count_reserved, item) == 0
        assert alice.get("/v1/orders").json["data"] == []
        assert outbox() == []

    def test_another_price_than_expected_is_refused(self, alice, item):
        """An order whose total differs from the expected total is refused with the actual total."""
        refused = alice.post("/v1/orders", json=order_of((item, 2), expected_amount_total=2_000))

        assert (refused.status_code, refused.json["code"]) == (409, "price_changed")
        assert refused.json["amount_total"] == 2_500

    def test_the_expected_price_is_accepted(self, alice, item):
        """An order with the expected total is placed."""
        placed = alice.post("/v1/orders", json=order_of((item, 2), expected_amount_total=2_500))

        assert placed.status_code == 201

    def test_a_total_that_json_cannot_hold_is_refused(self, alice, commit):
        """A total above 2^53 - 1 is refused."""
        palace = commit(factories.make_item, unit_amount=MAX_SAFE_INTEGER)

        refused = alice.post("/v1/orders", json=order_of((palace, 2)))

        assert (refused.status_code, refused.json["code"]) == (422, "amount_too_large")
        assert [error["pointer"] for error in refused.json["errors"]] == ["/lines"]

    def test_the_event_has_no_personal_data(self, alice, item, outbox):
        """The event has the order, its lines and amounts, but neither name nor address."""
        order = alice.post("/v1/orders", json=order_of((item, 1))).json

        (event,) = outbox("order.placed")

        assert (str(event.aggregate_id), event.aggregate_version) == (order["id"], 1)
        assert event.payload == {
            "order_id": order["id"],
            "number": order["number"],
            "customer_id": str(alice.sub),
            "currency": "EUR",
            "amount_subtotal": 1_250,
            "amount_discount": 0,
            "amount_shipping": 0,
            "amount_tax": 0,
            "amount_rounding": 0,
            "amount_total": 1_250,
            "amount_canceled": 0,
            "amount_paid": 0,
            "amount_refunded": 0,
            "tax_included": False,
            "shipping_method": None,
            "lines": [
                {
                    "line_id": order["lines"][0]["id"],
                    "product_id": str(item),
                    "variant_id": str(item),
                    "sku": "LAMP",
                    "quantity": 1,
                    "amount_subtotal": 1_250,
                    "amount_discount": 0,
                    "amount_tax": 0,
                    "amount_total": 1_250,
                }
            ],
            "reductions": [],
        }

    def test_statements_do_not_grow_with_the_lines(self, alice, commit, statements):
        """1, 5 and 20 lines take the same number of SQL statements.

        The limit is 14: 12 here, 1 to look up the caller and 1 for the ledger of the real provider.
        """
        pictures = ["https://example.com/picture.jpg", None] * 10
        items = [commit(factories.make_item, image_url=picture) for picture in pictures]
        sent = []

        for lines in (1, 5, 20):
            body = order_of(*[(item, 1) for item in items[:lines]])
            with statements as counted:
                placed = alice.post("/v1/orders", json=body)
            assert placed.status_code == 201
            sent.append(len(counted))

        assert len(set(sent)) == 1, sent
        assert sent[0] <= 12, counted


class TestIdempotencyKey:
    def test_a_key_is_required(self, alice, item):
        """An order without an Idempotency-Key is refused, as it could be placed twice."""
        refused = alice.post(
            "/v1/orders", json=order_of((item, 1)), headers={"Idempotency-Key": ""}
        )

        assert (refused.status_code, refused.json["code"]) == (400, "idempotency_key_required")

    def test_a_repeated_request_gets_the_stored_response(self, alice, item, commit):
        """A repeated request gets the stored response, and no more units are reserved."""
        body = order_of((item, 1))

        first, again = (alice.post("/v1/orders", json=body, headers=KEY) for _ in range(2))

        assert (again.status_code, again.data) == (201, first.data)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["Location"] == first.headers["Location"]
        assert commit(factories.count_reserved, item) == 1

    def test_a_guest_gets_the_token_again(self, client, item):
        """The stored response has no access token, but the repeated response does."""
        body = order_of((item, 1), email="guest@example.com")

        first, again = (client.post("/v1/orders", json=body, headers=KEY) for _ in range(2))

        assert again.data == first.data
        assert again.json["access_token"]

    def test_a_guest_gets_that_token_after_the_server_key_changed(self, client, item, server_key):
        """A repeated response has the token that the order was given, which stays valid."""
        body = order_of((item, 1), email="guest@example.com")
        first = client.post("/v1/orders", json=body, headers=KEY).json
        server_key.change()

        again = client.post("/v1/orders", json=body, headers=KEY).json
        server_key.end_previous()

        assert again["access_token"] == first["access_token"]
        headers = {"Order-Access-Token": first["access_token"]}
        assert client.get(f"/v1/orders/{first['id']}", headers=headers).status_code == 200

    def test_a_new_guest_gets_a_token_of_the_new_server_key(self, client, item, server_key):
        """While the former key is accepted, a new order has a token of the current one."""
        server_key.change()

        order = client.post("/v1/orders", json=order_of((item, 1), email="g@example.com")).json
        server_key.end_previous()

        headers = {"Order-Access-Token": order["access_token"]}
        assert client.get(f"/v1/orders/{order['id']}", headers=headers).status_code == 200

    def test_the_key_with_another_body_is_refused(self, alice, item):
        """A key that is used again with another body is refused."""
        alice.post("/v1/orders", json=order_of((item, 1)), headers=KEY)

        refused = alice.post("/v1/orders", json=order_of((item, 2)), headers=KEY)

        assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")

    def test_a_key_belongs_to_its_principal(self, alice, bob, client, item):
        """The same key of another principal is independent."""
        body = order_of((item, 1))

        answers = [who.post("/v1/orders", json=body, headers=KEY) for who in (alice, bob)]
        guests = {**body, "email": "guest@example.com"}
        answers.append(client.post("/v1/orders", json=guests, headers=KEY))

        assert [answer.status_code for answer in answers] == [201] * 3
        assert len({answer.json["id"] for answer in answers}) == 3

    def test_a_refusal_frees_the_key(self, alice, commit):
        """After restocking, the same request with the same key succeeds."""
        scarce = commit(factories.make_item, in_stock=0)
        body = order_of((scarce, 1))
        refused = alice.post("/v1/orders", json=body, headers=KEY)
        commit(factories.restock, scarce, 1)

        placed = alice.post("/v1/orders", json=body, headers=KEY)

        assert (refused.status_code, placed.status_code) == (409, 201)
