from uuid import UUID

import pytest

from mercato_kit.db import new_id, session
from mercato_kit.errors import Forbidden
from mercato_kit.principals import Principal
from mercato_kit.privacy import Subject
from mercato_orders import services
from mercato_orders.models import Line
from mercato_orders.privacy import PERSONAL_DATA, erase
from mercato_testing.privacy import exported

from .factories import ADDRESS, find_order


@pytest.fixture
def clerk(as_user):
    """Staff who may change orders."""
    return as_user(permissions=["orders.read", "orders.write"])


def change(who, order, changes, version=1, **headers):
    """Send changes of an order with its version."""
    return who.patch(
        f"/v1/orders/{order['id']}",
        json=changes,
        headers={"If-Match": f'"{version}"', **headers},
    )


def ship(order_id):
    """Mark an order as sent in part."""
    find_order(order_id).fulfillment_status = "partially_fulfilled"


def begin_parcel(line_id):
    """Let a unit of a line wait for its capture."""
    session.get_one(Line, UUID(line_id)).quantity_pending = 1


def close(order_id):
    """Mark an order as canceled."""
    find_order(order_id).status = "canceled"


class TestChangeOrder:
    def test_the_owner_changes_note_and_address(self, alice, clerk, alices_order):
        """The owner corrects both; the version grows, and the order is found by the new name."""
        address = {**ADDRESS, "name": "Carol Cook", "line1": "2 Market Street"}

        changed = change(alice, alices_order, {"note": "Ring twice", "shipping_address": address})

        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        assert changed.json["note"] == "Ring twice"
        assert changed.json["shipping_address"] == address
        assert changed.json == alice.get(f"/v1/orders/{alices_order['id']}").json
        found = [len(clerk.get(f"/v1/orders?q={q}").json["data"]) for q in ("cook", "archer")]
        assert found == [1, 0]

    def test_guests_change_their_order(self, client, guests_order):
        """The access token of a guest's order is enough."""
        token = {"Order-Access-Token": guests_order["access_token"]}

        assert change(client, guests_order, {"note": "x"}, **token).json["note"] == "x"

    def test_the_timeline_has_names_only(self, alice, alices_order):
        """The entry says what was changed and by whom, without the values."""
        change(alice, alices_order, {"note": "Ring twice"})

        entry = alice.get(f"/v1/orders/{alices_order['id']}/events").json["data"][-1]
        assert (entry["type"], entry["actor_type"]) == ("order.changed", "customer")
        assert entry["data"] == {"changed": ["note"]}

    def test_equal_values_change_nothing(self, clerk, alices_order):
        """A change to what is there keeps the version and writes no entry."""
        same = {"note": None, "shipping_address": ADDRESS, "metadata": {}}

        kept = change(clerk, alices_order, same)

        assert (kept.status_code, kept.json["version"]) == (200, 1)
        assert len(clerk.get(f"/v1/orders/{alices_order['id']}/events").json["data"]) == 1

    def test_staff_change_metadata(self, alice, clerk, alices_order):
        """Metadata is changed with orders.write, and not by the owner."""
        refused = change(alice, alices_order, {"metadata": {"batch": "7"}})

        changed = change(clerk, alices_order, {"metadata": {"batch": "7"}})

        assert (refused.status_code, changed.status_code) == (403, 200)
        assert changed.json["metadata"] == {"batch": "7"}

    def test_needs_the_current_version(self, alice, alices_order):
        """Without If-Match 428; with an old version 412, and nothing is changed."""
        missing = alice.patch(f"/v1/orders/{alices_order['id']}", json={"note": "x"})
        stale = change(alice, alices_order, {"note": "x"}, version=7)

        assert (missing.status_code, stale.status_code) == (428, 412)

    def test_the_owner_changes_nothing_that_is_sent(self, alice, clerk, commit, alices_order):
        """Once something is sent, only staff change the order; a closed one keeps its address."""
        commit(ship, alices_order["id"])
        version = find_version(clerk, alices_order)
        mine = change(alice, alices_order, {"note": "x"}, version)
        theirs = change(clerk, alices_order, {"shipping_address": ADDRESS}, version)
        commit(close, alices_order["id"])
        version = find_version(clerk, alices_order)

        closed = change(clerk, alices_order, {"shipping_address": ADDRESS}, version)
        noted = change(clerk, alices_order, {"note": "x"}, version)

        codes = [answer.status_code for answer in (mine, theirs, closed, noted)]
        assert codes == [409, 200, 409, 200]
        assert mine.json["code"] == closed.json["code"] == "invalid_transition"

    def test_the_owner_changes_nothing_that_is_about_to_be_sent(self, alice, commit, alices_order):
        """While the capture of a parcel runs, its address stays."""
        commit(begin_parcel, alices_order["lines"][0]["id"])

        refused = change(alice, alices_order, {"shipping_address": ADDRESS})

        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")

    @pytest.mark.parametrize("name", ["country", "region", "postal_code"])
    def test_the_price_stays_right(self, alice, clerk, alices_order, name):
        """What taxes and shipping depend on stays; staff may correct all but the country."""
        other = {"country": "DE", "region": "BO", "postal_code": "40122"}[name]
        changes = {"shipping_address": {**ADDRESS, name: other}}

        mine, theirs = (change(who, alices_order, changes) for who in (alice, clerk))

        assert mine.status_code == 422
        assert mine.json["errors"][0]["pointer"] == f"/shipping_address/{name}"
        assert mine.json["errors"][0]["code"] == "priced"
        assert theirs.status_code == (422 if name == "country" else 200)

    def test_takes_few_statements(self, alice, alices_order, statements):
        """A change of everything takes at most eight statements, its answer included."""
        with statements as sent:
            change(
                alice,
                alices_order,
                {"note": "x", "shipping_address": {**ADDRESS, "line1": "9 Oak Street"}},
            )

        assert len(sent) <= 8, sent


def find_version(who, order):
    """Return the current version of an order."""
    return who.get(f"/v1/orders/{order['id']}").json["version"]


class TestAddNote:
    def test_public_notes_are_shown_to_the_customer(self, alice, clerk, alices_order):
        """The customer sees public notes only; staff see all."""
        path = f"/v1/orders/{alices_order['id']}"

        private = clerk.post(f"{path}/notes", json={"text": "Seems odd"})
        public = clerk.post(f"{path}/notes", json={"text": "Thank you", "is_public": True})

        assert (private.status_code, private.json["data"]) == (201, {"text": "Seems odd"})
        assert [answer.json["is_public"] for answer in (private, public)] == [False, True]
        mine = alice.get(f"{path}/events").json["data"]
        theirs = clerk.get(f"{path}/events").json["data"]
        assert [entry["data"] for entry in mine[1:]] == [{"text": "Thank you"}]
        assert theirs[1:] == [private.json, public.json]

    def test_a_note_is_kept_once(self, clerk, alices_order):
        """A note is an entry of its own; the version of the order stays."""
        answer = clerk.post(f"/v1/orders/{alices_order['id']}/notes", json={"text": "  "})

        assert answer.status_code == 422
        assert find_version(clerk, alices_order) == 1

    def test_notes_of_erased_customers_are_erased(self, alice, clerk, commit, alices_order):
        """The export of a customer has the notes; their erasure empties them and the words."""
        clerk.post(
            f"/v1/orders/{alices_order['id']}/notes",
            json={"text": "Called Alice", "is_public": True},
        )
        found = commit(exported, PERSONAL_DATA, Subject(alice.sub))

        commit(erase, Subject(alice.sub))

        assert [note["text"] for note in found["notes"]] == ["Called Alice"]
        events = clerk.get(f"/v1/orders/{alices_order['id']}/events").json["data"]
        assert [entry["data"] for entry in events] == [{}, {}]
        assert clerk.get("/v1/orders?q=alice").json["data"] == []


class TestClaimOrder:
    def test_the_order_belongs_to_the_account(self, alice, client, guests_order):
        """The caller owns the order; the guest's token gives no access any more."""
        claimed = alice.post("/v1/orders/claim", json=claim_of(guests_order))

        assert (claimed.status_code, claimed.json["customer_id"]) == (200, str(alice.sub))
        assert claimed.json["version"] == 2
        path = f"/v1/orders/{guests_order['id']}"
        token = {"Order-Access-Token": guests_order["access_token"]}
        answers = [alice.get(path), client.get(path, headers=token)]
        assert [answer.status_code for answer in answers] == [200, 404]
        entries = alice.get(f"{path}/events").json["data"]
        assert [entry["type"] for entry in entries] == ["order.placed", "order.claimed"]

    def test_number_and_token_must_be_those_of_one_guest(
        self, alice, bob, guests_order, alices_order
    ):
        """Another token, another number, or an order that has an owner answer 404."""
        right = claim_of(guests_order)
        wrong = [
            {**right, "access_token": "0" * 64},
            {**right, "number": alices_order["number"]},
            {**right, "number": 999_999},
        ]
        answers = [alice.post("/v1/orders/claim", json=body) for body in wrong]
        alice.post("/v1/orders/claim", json=right)
        answers.append(bob.post("/v1/orders/claim", json=right))

        assert [answer.status_code for answer in answers] == [404] * 4

    def test_needs_a_verified_address(self, client, commit, guests_order):
        """Guests get 401; an account whose address is not verified is refused."""
        claim = claim_of(guests_order)
        unverified = Principal(new_id(), kind="user", email="guest@example.com")

        answer = client.post("/v1/orders/claim", json=claim)

        assert answer.status_code == 401
        with pytest.raises(Forbidden):
            commit(services.claim_order, *claim.values(), unverified)

    def test_is_in_the_security_log(self, alice, guests_order, security_log):
        """The log says who took which order."""
        alice.post("/v1/orders/claim", json=claim_of(guests_order))

        (line,) = [one for one in security_log() if one["event"] == "order_claimed"]
        assert (str(line["order_id"]), line["principal_id"]) == (guests_order["id"], alice.sub)


def claim_of(order):
    """Return the body that claims a guest's order."""
    return {"number": order["number"], "access_token": order["access_token"]}
