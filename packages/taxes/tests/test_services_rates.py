import pytest

from mercato_kit.db import new_id, session
from mercato_testing.plans import Plans

from .factories import STANDARD, make_european_rates

PATH = "/v1/tax-rates"


@pytest.fixture
def rate(charlie):
    """The German standard rate, as the response to its creation."""
    return charlie.post(PATH, json=STANDARD).json


def change(who, rate, **changes):
    """Change a rate of a response."""
    etag = {"If-Match": f'"{rate["version"]}"'}
    return who.patch(f"{PATH}/{rate['id']}", json=changes, headers=etag)


class TestCreateRate:
    def test_creates_a_rate(self, charlie, security_log):
        """The response has all members and a Location; the security log says who created it."""
        made = charlie.post(PATH, json=STANDARD | {"region": "by", "metadata": {"law": "12"}})

        assert made.status_code == 201
        assert made.json.items() >= (STANDARD | {"region": "BY", "reason": "standard"}).items()
        assert made.headers["Location"] == f"{PATH}/{made.json['id']}"
        assert charlie.get(made.headers["Location"]).json == made.json
        (line,) = security_log()
        assert (line["event"], line["ppm"]) == ("tax_rate_created", 190_000)
        assert line["principal_id"] == charlie.sub

    def test_refuses_a_second_one(self, charlie, rate):
        """A rate is unique by place, tax code, code and first moment."""
        refused = charlie.post(PATH, json=STANDARD | {"ppm": 1})
        next_year = charlie.post(PATH, json=STANDARD | {"valid_from": "2027-01-01T00:00:00Z"})

        assert (refused.status_code, refused.json["code"]) == (409, "tax_rate_exists")
        assert next_year.status_code == 201

    @pytest.mark.parametrize(
        ("members", "pointer"),
        [
            ({"country": "XX"}, "/country"),
            ({"tax_code": " x"}, "/tax_code"),
            ({"label": " "}, "/label"),
            ({"region": " BY"}, "/region"),
            ({"ppm": 10_000_001}, "/ppm"),
            ({"ppm": -1}, "/ppm"),
            ({"reason": "export"}, "/reason"),
            ({"reason": "exempt"}, "/ppm"),
            ({"valid_until": "2020-01-01T00:00:00Z"}, "/valid_until"),
            ({"id": str(new_id())}, "/id"),
        ],
    )
    def test_refuses_invalid_members(self, charlie, members, pointer):
        """Each member is checked, and whether they fit together."""
        refused = charlie.post(PATH, json=STANDARD | members)

        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == [pointer]

    def test_refuses_customers(self, client, alice, as_user):
        """Rates are for staff; reading them is another permission than writing."""
        clerk = as_user(permissions=["taxes.read"])

        assert client.get(PATH).status_code == 401
        assert [who.get(PATH).status_code for who in (alice, clerk)] == [403, 200]
        assert [who.post(PATH, json=STANDARD).status_code for who in (alice, clerk)] == [403, 403]


class TestListRates:
    def test_filters(self, charlie, commit):
        """Filters select by country and tax code; the default order is by country."""
        commit(make_european_rates)

        everything = charlie.get(PATH).json["data"]
        books = charlie.get(f"{PATH}?country=FR,GR&tax_code=books").json["data"]

        assert [one["country"] for one in everything] == ["DE", "DE", "FR", "FR", "GR"]
        assert [one["code"] for one in books] == ["fr-books"]

    def test_neither_reads_nor_sorts_a_whole_table(self, app, charlie, commit):
        """A page is read in the order of an index."""
        commit(make_european_rates)

        with app.app_context(), Plans(session.get_bind()) as sent:
            charlie.get(f"{PATH}?country=DE&limit=1")
            charlie.get(f"{PATH}?sort=created_at&limit=1")

        assert len(sent.plans) == 2
        assert sent.scans() == sent.sorts() == []


class TestChangeRate:
    def test_changes_a_rate(self, charlie, rate, security_log):
        """The rate has new values and a new version; the security log has both rates."""
        changed = change(charlie, rate, ppm=160_000, valid_until="2020-12-31T23:00:00Z")

        assert (changed.status_code, changed.json["version"]) == (200, 2)
        assert (changed.json["ppm"], changed.json["label"]) == (160_000, "VAT 19 %")
        line = security_log()[-1]
        facts = (line["event"], line["before"], line["after"])
        assert facts == ("tax_rate_changed", 190_000, 160_000)

    def test_refuses_contradictions(self, charlie, rate):
        """The changed rate must be sound as a whole; nothing changes otherwise."""
        refused = change(charlie, rate, reason="zero")

        assert refused.status_code == 422
        assert charlie.get(f"{PATH}/{rate['id']}").json == rate
        assert change(charlie, rate, reason="zero", ppm=0).status_code == 200

    def test_refuses_an_outdated_version(self, charlie, rate):
        """A change or deletion based on an outdated version is refused."""
        change(charlie, rate, ppm=1)

        deletion = charlie.delete(f"{PATH}/{rate['id']}", headers={"If-Match": '"1"'})

        assert [change(charlie, rate, ppm=2).status_code, deletion.status_code] == [412, 412]


class TestDeleteRate:
    def test_deletes_a_rate(self, charlie, rate, security_log):
        """It is gone, and the security log says which."""
        gone = charlie.delete(f"{PATH}/{rate['id']}", headers={"If-Match": '"1"'})

        assert gone.status_code == 204
        assert charlie.get(f"{PATH}/{rate['id']}").status_code == 404
        assert security_log()[-1]["event"] == "tax_rate_deleted"
