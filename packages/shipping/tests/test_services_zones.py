import copy

import pytest

from mercato_kit.db import session
from mercato_testing.plans import Plans

from .factories import GERMANY

PATH = "/v1/shipping-zones"


@pytest.fixture
def zone(charlie):
    """The German zone, as the response to its creation."""
    return charlie.post(PATH, json=GERMANY).json


def changed(**members):
    """Return the body of the German zone with other members of its method."""
    body = copy.deepcopy(GERMANY)
    body["methods"][0] |= members
    return body


def replace(who, zone, body):
    """Replace a zone of a response."""
    etag = {"If-Match": f'"{zone["version"]}"'}
    return who.put(f"{PATH}/{zone['id']}", json=body, headers=etag)


class TestCreateZone:
    def test_creates_a_zone(self, charlie, security_log):
        """The response has all parts and a Location; the security log says who created it."""
        made = charlie.post(PATH, json=GERMANY | {"metadata": {"carrier": "post"}})

        assert made.status_code == 201
        assert made.json.items() >= GERMANY.items()
        assert made.headers["Location"] == f"{PATH}/{made.json['id']}"
        assert charlie.get(made.headers["Location"]).json == made.json
        (line,) = security_log()
        assert (line["event"], line["code"]) == ("shipping_zone_created", "germany")

    def test_refuses_what_another_zone_has(self, charlie, zone):
        """Codes are unique, and an area belongs to one zone."""
        code = charlie.post(PATH, json=GERMANY | {"areas": [{"country": "FR"}]})
        area = charlie.post(PATH, json=GERMANY | {"code": "other"})

        assert (code.status_code, code.json["code"]) == (409, "zone_code_taken")
        assert (area.status_code, area.json["code"]) == (409, "area_taken")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            (GERMANY | {"code": "Germany"}, "/code"),
            (GERMANY | {"areas": []}, "/areas"),
            (GERMANY | {"areas": [{"country": "XX"}]}, "/areas/0/country"),
            (
                GERMANY | {"areas": [{"country": "DE", "postal_prefix": "a"}]},
                "/areas/0/postal_prefix",
            ),
            (
                GERMANY | {"areas": [{"country": "*", "postal_prefix": "1"}]},
                "/areas/0/postal_prefix",
            ),
            (GERMANY | {"areas": [{"country": "DE"}] * 2}, "/areas/1"),
            (GERMANY | {"methods": GERMANY["methods"] * 2}, "/methods/1"),
            (changed(label=" "), "/methods/0/label"),
            (changed(days_min=4), "/methods/0/days_max"),
            (changed(rates=[{"currency": "EUR", "amount": 1}] * 2), "/methods/0/rates/1"),
            (changed(rates=[{"currency": "EUR", "amount": -1}]), "/methods/0/rates/0/amount"),
        ],
    )
    def test_refuses_invalid_parts(self, charlie, body, pointer):
        """Each member is checked, and whether the parts fit together."""
        refused = charlie.post(PATH, json=body)

        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == [pointer]

    def test_refuses_customers(self, client, alice, as_user):
        """Zones are for staff; reading them is another permission than writing."""
        clerk = as_user(permissions=["shipping.read"])

        assert client.get(PATH).status_code == 401
        assert [who.get(PATH).status_code for who in (alice, clerk)] == [403, 200]
        assert [who.post(PATH, json=GERMANY).status_code for who in (alice, clerk)] == [403, 403]


class TestListZones:
    def test_takes_one_statement(self, charlie, zone, statements):
        """The list has zones with all their parts."""
        other = charlie.post(PATH, json=GERMANY | {"code": "a", "areas": [{"country": "AT"}]}).json

        with statements as sent:
            listed = charlie.get(PATH).json["data"]

        assert listed == [other, zone]
        assert len(sent) == 1, sent
        assert charlie.get(f"{PATH}?code=a").json["data"] == [other]

    def test_neither_reads_nor_sorts_a_whole_table(self, app, charlie, zone):
        """A page is read in the order of an index, and parts by theirs."""
        with app.app_context(), Plans(session.get_bind()) as sent:
            charlie.get(f"{PATH}?limit=1")
            charlie.get(f"{PATH}?sort=created_at&limit=1")

        assert len(sent.plans) == 2
        assert sent.scans() == sent.sorts() == []


class TestReplaceZone:
    def test_replaces_all_parts(self, charlie, zone, security_log):
        """The zone has the new parts and a new version, and keeps metadata that are not given."""
        areas = [{"country": "DE", "postal_prefix": ""}, {"country": "DE", "postal_prefix": "1"}]
        body = changed(code="slow", days_max=9) | {"areas": areas}

        replaced = replace(charlie, zone, body)

        assert (replaced.status_code, replaced.json["version"]) == (200, zone["version"] + 1)
        assert replaced.json.items() >= body.items()
        assert security_log()[-1]["event"] == "shipping_zone_changed"

    def test_changes_nothing_but_the_version(self, charlie, zone):
        """The same parts can be sent again."""
        again = replace(charlie, zone, GERMANY).json

        assert again | {"version": 0, "updated_at": ""} == zone | {"version": 0, "updated_at": ""}

    def test_refuses_an_outdated_version(self, charlie, zone):
        """A change or deletion based on an outdated version is refused."""
        replace(charlie, zone, GERMANY)

        deletion = charlie.delete(f"{PATH}/{zone['id']}", headers={"If-Match": '"1"'})

        assert [replace(charlie, zone, GERMANY).status_code, deletion.status_code] == [412, 412]


class TestDeleteZone:
    def test_deletes_a_zone(self, charlie, zone, security_log):
        """It is gone with its parts, and its area is free."""
        etag = {"If-Match": f'"{zone["version"]}"'}
        gone = charlie.delete(f"{PATH}/{zone['id']}", headers=etag)

        assert gone.status_code == 204
        assert charlie.get(f"{PATH}/{zone['id']}").status_code == 404
        assert charlie.post(PATH, json=GERMANY | {"code": "other"}).status_code == 201
        assert "shipping_zone_deleted" in [line["event"] for line in security_log()]
