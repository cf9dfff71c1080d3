import pytest

from mercato_users.services import address_book

BOLOGNA = {
    "name": "Alice Example",
    "line1": "Via Zamboni 33",
    "city": "Bologna",
    "postal_code": "40126",
    "country": "IT",
}
PATH = "/v1/users/me/addresses"


def add(client, **members):
    """Add an address, and return it."""
    made = client.post(PATH, json={**BOLOGNA, **members})
    assert made.status_code == 201, made.json
    return made.json


def change(client, address, body):
    """Send PATCH for an address, with its version."""
    headers = {"If-Match": f'"{address["version"]}"'}
    return client.patch(f"{PATH}/{address['id']}", json=body, headers=headers)


class TestCreateAddress:
    def test_adds_an_address(self, alice):
        """The address has an id, a version and what was not sent as null."""
        made = alice.post(PATH, json=BOLOGNA)

        assert made.status_code == 201
        assert made.json == alice.get(made.headers["Location"]).json
        assert {name: made.json[name] for name in BOLOGNA} == BOLOGNA
        assert (made.json["line2"], made.json["is_default_shipping"]) == (None, False)
        assert made.headers["ETag"] == '"1"'

    def test_has_one_default(self, alice):
        """Another default takes the place of the one before, whose version changes."""
        first = add(alice, is_default_shipping=True, is_default_billing=True)

        second = add(alice, is_default_shipping=True)

        before = alice.get(f"{PATH}/{first['id']}").json
        assert (before["is_default_shipping"], before["is_default_billing"]) == (False, True)
        assert (before["version"], second["is_default_shipping"]) == (2, True)

    def test_keeps_the_defaults_of_others(self, alice, bob):
        """The default of another account stays."""
        add(alice, is_default_shipping=True)
        add(bob, is_default_shipping=True)

        (of_alice,) = alice.get(PATH).json["data"]
        assert of_alice["is_default_shipping"] is True

    def test_has_a_limit(self, alice):
        """An address book has fifty addresses."""
        for _ in range(address_book.MOST):
            add(alice)

        refused = alice.post(PATH, json=BOLOGNA)

        assert (refused.status_code, refused.json["code"]) == (409, "limit_reached")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"country": "it"},
            {"name": " "},
            {"city": None},
            {"phone_number": "12"},
            {"user_id": "01981f2e-7a61-7000-8000-000000000001"},
        ],
    )
    def test_refuses_wrong_values(self, alice, wrong):
        """Values have the rules of orders; other fields are refused."""
        assert alice.post(PATH, json={**BOLOGNA, **wrong}).status_code == 422


class TestChangeAddress:
    def test_changes_an_address(self, alice):
        """What was sent changes; the version that was read is required."""
        address = add(alice, line2="Second floor")

        changed = change(alice, address, {"city": "Roma", "line2": None})

        assert changed.status_code == 200
        assert (changed.json["city"], changed.json["line2"]) == ("Roma", None)
        assert changed.json["line1"] == BOLOGNA["line1"]
        assert change(alice, address, {"city": "Pisa"}).status_code == 412
        assert alice.patch(f"{PATH}/{address['id']}", json={}).status_code == 428

    def test_makes_it_the_default(self, alice):
        """The one before is the default no more, also if it is the same."""
        first, second = add(alice, is_default_billing=True), add(alice)

        changed = change(alice, second, {"is_default_billing": True})
        again = change(alice, changed.json, {"is_default_billing": True, "city": "Roma"})

        assert again.json["is_default_billing"] is True
        assert alice.get(f"{PATH}/{first['id']}").json["is_default_billing"] is False


class TestDeleteAddress:
    def test_deletes_an_address(self, alice):
        """It is gone."""
        address = add(alice)

        assert alice.delete(f"{PATH}/{address['id']}").status_code == 204
        assert alice.get(PATH).json["data"] == []


class TestOthers:
    def test_see_and_change_nothing(self, alice, bob):
        """An address of another account does not exist."""
        address = add(alice)
        path = f"{PATH}/{address['id']}"

        answers = [bob.get(path), change(bob, address, {"city": "Roma"}), bob.delete(path)]

        assert [answer.status_code for answer in answers] == [404, 404, 404]
        assert bob.get(PATH).json["data"] == []
        assert alice.get(path).status_code == 200
