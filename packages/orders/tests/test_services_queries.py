import pytest

from mercato_kit.db import new_id

from . import money
from .factories import order_of


def token_of(order):
    """Return the header with an order's access token."""
    return {"Order-Access-Token": order["access_token"]}


class TestGetOrder:
    def test_the_owner_sees_an_order(self, alice, alices_order):
        """The response is the placed order, with its version as ETag."""
        found = alice.get(f"/v1/orders/{alices_order['id']}")

        assert (found.status_code, found.json) == (200, alices_order)
        assert found.headers["ETag"] == '"1"'
        assert found.headers["Cache-Control"] == "private, no-store"

    def test_staff_see_any_order(self, charlie, alices_order):
        """Holders of orders.read see all orders."""
        assert charlie.get(f"/v1/orders/{alices_order['id']}").status_code == 200

    def test_other_callers_get_404(self, bob, client, alices_order):
        """An order of another customer answers 404, like one that does not exist."""
        path, nowhere = f"/v1/orders/{alices_order['id']}", f"/v1/orders/{new_id()}"

        for who in (bob, client):
            foreign, absent = who.get(path), who.get(nowhere)
            assert foreign.status_code == absent.status_code == 404
            assert foreign.json["code"] == absent.json["code"] == "not_found"

    def test_the_security_log_has_orders_of_others(self, bob, alices_order, security_log):
        """Asking for an order of another customer is logged; one that does not exist is not."""
        for order_id in (alices_order["id"], new_id()):
            for part in ("", "/events", "/payments"):
                bob.get(f"/v1/orders/{order_id}{part}")

        assert [(line["event"], str(line["order_id"])) for line in security_log()] == [
            ("access_refused", alices_order["id"])
        ] * 3
        assert {line["principal_id"] for line in security_log()} == {bob.sub}

    def test_a_guest_sees_an_order_with_its_token(self, client, guests_order):
        """The access token gives access to its order."""
        found = client.get(f"/v1/orders/{guests_order['id']}", headers=token_of(guests_order))

        assert found.status_code == 200
        assert "access_token" not in found.json

    def test_a_guest_without_the_token_gets_404(self, client, alice, guests_order):
        """Without a token, with a wrong one or with an account, a guest's order answers 404."""
        path = f"/v1/orders/{guests_order['id']}"

        answers = [
            client.get(path),
            client.get(path, headers={"Order-Access-Token": "0" * 64}),
            client.get(path, headers={"Order-Access-Token": ""}),
            alice.get(path),
        ]

        assert [answer.status_code for answer in answers] == [404] * 4

    def test_a_token_gives_access_to_one_order(self, client, item, alices_order, guests_order):
        """The token of one order does not give access to another."""
        body = order_of((item, 1), email="guest@example.com")
        other = client.post("/v1/orders", json=body).json

        for order in (other, alices_order):
            answer = client.get(f"/v1/orders/{order['id']}", headers=token_of(guests_order))
            assert answer.status_code == 404

    def test_an_unchanged_order_answers_304(self, alice, alices_order):
        """A client that has the current version gets 304."""
        path = f"/v1/orders/{alices_order['id']}"

        assert alice.get(path, headers={"If-None-Match": '"1"'}).status_code == 304

    def test_parts_take_no_further_statements(self, alice, charlie, commit, statements, item):
        """An order with payment, parcels and refunds is read by at most four statements."""
        order = alice.post("/v1/orders", json=order_of((item, 5))).json
        at = f"/v1/orders/{order['id']}"
        commit(money.pay, order["id"])
        unit = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}]}
        for _ in range(2):
            charlie.post(f"{at}/fulfillments", json=unit)
            charlie.post(f"{at}/refunds", json=unit)

        with statements as sent:
            shown = alice.get(at).json

        assert len(sent) <= 4, sent
        assert [parcel["sequence"] for parcel in shown["fulfillments"]] == [1, 2]
        assert [refund["amount"] for refund in shown["refunds"]] == [1_250, 1_250]
        assert [len(part["lines"]) for part in shown["fulfillments"] + shown["refunds"]] == [1] * 4
        assert [payment["status"] for payment in shown["payments"]] == ["captured"]


class TestListOrders:
    def test_customers_see_their_own(self, alice, bob, alices_order):
        """A list has the caller's own orders only."""
        mine, others = alice.get("/v1/orders").json, bob.get("/v1/orders").json

        assert [order["id"] for order in mine["data"]] == [alices_order["id"]]
        assert others["data"] == []

    def test_guests_get_401(self, client):
        """Guests cannot list orders."""
        assert client.get("/v1/orders").status_code == 401

    def test_staff_see_all(self, charlie, alices_order, guests_order):
        """Holders of orders.read see all orders, newest first."""
        listed = charlie.get("/v1/orders").json

        assert [order["id"] for order in listed["data"]] == [guests_order["id"], alices_order["id"]]

    def test_filters_of_others_find_nothing(self, bob, alice, alices_order):
        """A filter cannot show orders of other customers."""
        assert bob.get(f"/v1/orders?customer_id={alice.sub}").json["data"] == []

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=open", True),
            ("status=canceled,expired", False),
            ("payment_status=unpaid,paid", True),
            ("fulfillment_status=fulfilled", False),
            ("email=alice@example.com", True),
            ("email=ALICE@example.COM", True),
            ("email=bob@example.com", False),
            ("number=1001", True),
            ("number=1002", False),
            ("amount_total[gte]=2500", True),
            ("amount_total[gt]=2500", False),
            ("amount_total[lte]=2500&amount_total[gte]=2500", True),
            ("amount_total[lt]=2500", False),
            ("created_at[gte]=2020-01-01T00:00:00Z", True),
            ("created_at[lt]=2020-01-01T00:00:00Z", False),
            ("created_at[gt]=2020-01-01T00:00:00Z&created_at[lte]=2020-01-02T00:00:00Z", False),
        ],
    )
    def test_filters(self, charlie, alices_order, query, found):
        """Staff filter orders by state, customer, number, time and amount."""
        listed = charlie.get(f"/v1/orders?{query}")

        assert listed.status_code == 200, listed.json
        assert len(listed.json["data"]) == found

    @pytest.mark.parametrize(
        "query", ["status=lost", "colour=red", "sort=note", "number=x", "created_at[gte]=now"]
    )
    def test_unknown_filters_are_refused(self, alice, query):
        """An unknown filter is refused, not ignored."""
        assert alice.get(f"/v1/orders?{query}").status_code == 422

    def test_cursors_visit_every_order_once(self, alice, item):
        """Following the cursors returns each order once, for every sort order."""
        placed = [alice.post("/v1/orders", json=order_of((item, 1))).json for _ in range(5)]

        for sort in ("number", "-amount_total"):
            seen, query = [], f"?limit=2&sort={sort}"
            while query:
                page = alice.get(f"/v1/orders{query}").json
                seen += [order["number"] for order in page["data"]]
                cursor = page["next_cursor"]
                query = cursor and f"?limit=2&sort={sort}&cursor={cursor}"
            assert sorted(seen) == [order["number"] for order in placed]

    def test_a_list_takes_two_statements_at_most(self, alice, item, statements):
        """The number of statements does not depend on the number of orders."""
        for _ in range(3):
            alice.post("/v1/orders", json=order_of((item, 1)))

        with statements as sent:
            alice.get("/v1/orders")

        assert len(sent) <= 2, sent


class TestListOrderEvents:
    def test_lists_changes_oldest_first(self, alice, charlie, alices_order):
        """The timeline has an entry with its actor for each change, oldest first."""
        charlie.post(f"/v1/orders/{alices_order['id']}/cancel", json={})

        listed = alice.get(f"/v1/orders/{alices_order['id']}/events").json["data"]

        entries = [(event["type"], event["actor_type"]) for event in listed]
        assert entries == [("order.placed", "customer"), ("order.canceled", "staff")]

    def test_staff_see_any_timeline(self, charlie, alices_order):
        """Holders of orders.read see the timelines of all orders."""
        listed = charlie.get(f"/v1/orders/{alices_order['id']}/events").json["data"]

        assert [event["type"] for event in listed] == ["order.placed"]

    def test_other_callers_get_404(self, bob, client, alices_order):
        """The timeline of another customer's order answers 404."""
        for who in (bob, client):
            assert who.get(f"/v1/orders/{alices_order['id']}/events").status_code == 404
