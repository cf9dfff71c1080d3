import pytest

from mercato_kit.db import new_id

from .factories import order_of


def token_of(order):
    """Return the header that opens an order."""
    return {"Order-Access-Token": order["access_token"]}


class TestGetOrder:
    def test_its_owner_sees_it(self, alice, alices_order):
        """The order is the one that was placed, with its version as ETag."""
        found = alice.get(f"/v1/orders/{alices_order['id']}")

        assert (found.status_code, found.json) == (200, alices_order)
        assert found.headers["ETag"] == '"1"'
        assert found.headers["Cache-Control"] == "private, no-store"

    def test_staff_see_it(self, charlie, alices_order):
        """Holders of orders.read see all orders."""
        assert charlie.get(f"/v1/orders/{alices_order['id']}").status_code == 200

    def test_for_others_it_is_not_there(self, bob, client, alices_order):
        """Another's order answers as one that does not exist."""
        path, nowhere = f"/v1/orders/{alices_order['id']}", f"/v1/orders/{new_id()}"

        for who in (bob, client):
            foreign, absent = who.get(path), who.get(nowhere)
            assert foreign.status_code == absent.status_code == 404
            assert foreign.json["code"] == absent.json["code"] == "not_found"

    def test_a_guest_sees_it_with_its_secret(self, client, guests_order):
        """The secret opens the order it belongs to."""
        found = client.get(f"/v1/orders/{guests_order['id']}", headers=token_of(guests_order))

        assert found.status_code == 200
        assert "access_token" not in found.json

    def test_a_guest_without_the_secret_sees_nothing(self, client, alice, guests_order):
        """Neither no secret, nor a wrong one, nor an account opens a guest's order."""
        path = f"/v1/orders/{guests_order['id']}"

        answers = [
            client.get(path),
            client.get(path, headers={"Order-Access-Token": "0" * 64}),
            client.get(path, headers={"Order-Access-Token": ""}),
            alice.get(path),
        ]

        assert [answer.status_code for answer in answers] == [404] * 4

    def test_a_secret_opens_one_order(self, client, item, alices_order, guests_order):
        """The secret of one order opens no other one."""
        body = order_of((item, 1), email="guest@example.com")
        other = client.post("/v1/orders", json=body).json

        for order in (other, alices_order):
            answer = client.get(f"/v1/orders/{order['id']}", headers=token_of(guests_order))
            assert answer.status_code == 404

    def test_it_is_not_sent_twice(self, alice, alices_order):
        """A client that has the current version is told so."""
        path = f"/v1/orders/{alices_order['id']}"

        assert alice.get(path, headers={"If-None-Match": '"1"'}).status_code == 304


class TestListOrders:
    def test_customers_see_their_own(self, alice, bob, alices_order):
        """A list has the caller's own orders and no others."""
        mine, others = alice.get("/v1/orders").json, bob.get("/v1/orders").json

        assert [order["id"] for order in mine["data"]] == [alices_order["id"]]
        assert others["data"] == []

    def test_guests_are_asked_who_they_are(self, client):
        """Guests have no list."""
        assert client.get("/v1/orders").status_code == 401

    def test_staff_see_all(self, charlie, alices_order, guests_order):
        """Holders of orders.read see everybody's, the newest first."""
        listed = charlie.get("/v1/orders").json

        assert [order["id"] for order in listed["data"]] == [guests_order["id"], alices_order["id"]]

    def test_filters_of_others_find_nothing(self, bob, alice, alices_order):
        """A filter narrows what the caller may see, and never widens it."""
        assert bob.get(f"/v1/orders?customer_id={alice.sub}").json["data"] == []

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=open", True),
            ("status=canceled,expired", False),
            ("payment_status=unpaid,paid", True),
            ("fulfillment_status=fulfilled", False),
            ("email=alice@example.com", True),
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
        """Staff find orders by state, person, number, time and amount."""
        listed = charlie.get(f"/v1/orders?{query}")

        assert listed.status_code == 200, listed.json
        assert len(listed.json["data"]) == found

    @pytest.mark.parametrize(
        "query", ["status=lost", "colour=red", "sort=note", "number=x", "created_at[gte]=now"]
    )
    def test_unknown_filters_are_refused(self, alice, query):
        """A filter we do not know is a mistake, not nothing."""
        assert alice.get(f"/v1/orders?{query}").status_code == 422

    def test_pages_follow_each_other(self, alice, item):
        """Following the cursor shows every order once, whatever is sorted by."""
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
        """A list of many orders asks for none of them apart."""
        for _ in range(3):
            alice.post("/v1/orders", json=order_of((item, 1)))

        with statements as sent:
            alice.get("/v1/orders")

        assert len(sent) <= 2, sent


class TestListOrderEvents:
    def test_it_tells_what_happened(self, alice, charlie, alices_order):
        """The timeline has an entry for each change, the oldest first, with who did it."""
        charlie.post(f"/v1/orders/{alices_order['id']}/cancel", json={})

        listed = alice.get(f"/v1/orders/{alices_order['id']}/events").json["data"]

        told = [(event["type"], event["actor_type"]) for event in listed]
        assert told == [("order.placed", "customer"), ("order.canceled", "staff")]

    def test_staff_see_it(self, charlie, alices_order):
        """Staff read the timelines of all orders."""
        listed = charlie.get(f"/v1/orders/{alices_order['id']}/events").json["data"]

        assert [event["type"] for event in listed] == ["order.placed"]

    def test_for_others_it_is_not_there(self, bob, client, alices_order):
        """The timeline of another's order answers as one that does not exist."""
        for who in (bob, client):
            assert who.get(f"/v1/orders/{alices_order['id']}/events").status_code == 404
