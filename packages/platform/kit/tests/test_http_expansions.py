import json
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from marshmallow import fields, validate

from mercato_kit.errors import NotFound
from mercato_kit.feature import Expansion, Feature
from mercato_kit.http import Blueprint, page_of, paginate
from mercato_kit.policies import anyone, permission
from mercato_kit.schemas import Listed, QuerySchema, Schema, Text
from mercato_kit.views import View

from . import demo
from .demo import KEY, Note, NoteQuerySchema, NoteSchema

NOTES = View(
    NoteSchema,
    filters={"id": Note.id == sa.bindparam("id"), "rank": Note.rank == sa.bindparam("rank")},
    sorts={"created_at": Note.created_at, "title": Note.title, "rank": Note.rank},
    id=Note.id,
)


class Pad:
    """A contract whose things are notes."""


@dataclass(frozen=True)
class Stars:
    average: float
    count: int


class StarsSchema(Schema):
    average = fields.Float()
    count = fields.Integer()


class Reviews:
    """Has stars for all notes but the last of a page, and remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def batch(self, ids):
        """Return the stars by id."""
        self.asked.append([str(one) for one in ids])
        return {id_: Stars(4.5, 2) for id_ in ids[:-1]}


def refuse(_ids):
    """Raise a problem, as a service may."""
    raise NotFound


def empty(_ids):
    """Return no value."""
    return {}


class ExpandSchema(QuerySchema):
    expand = Listed(Text(max=10, validate=validate.OneOf(["labels"])), max=1)


pads = Blueprint("pads", __name__, url_prefix="/pads")


@pads.get("/shown", allow=anyone, public_cache=True, expands=(Pad, "note"))
@pads.arguments(NoteQuerySchema, location="query")
@pads.response(200, page_of(NoteSchema))
def list_shown(query):
    """List notes as views show them"""
    page = query.pop("page")
    return NOTES.page(page, **query)


@pads.get("/dumped", allow=anyone, public_cache=True, expands=(Pad, "note"))
@pads.arguments(NoteQuerySchema, location="query")
@pads.response(200, page_of(NoteSchema))
def list_dumped(query):
    """List notes as their schema dumps them"""
    return paginate(sa.select(Note), query["page"], columns=NOTES.sorts, id=Note.id)


@pads.get("/<uuid:note_id>", allow=anyone, expands=(Pad, "note"))
@pads.response(200, NoteSchema)
def show_note(note_id):
    """Get a note"""
    return NOTES.one(id=note_id)


@pads.get("/<uuid:note_id>/parts", allow=anyone, expands=(Pad, "note"))
@pads.arguments(ExpandSchema, location="query")
@pads.response(200)
def show_parts(query, note_id):
    """Get what the view was asked for"""
    return {"id": str(note_id), "asked": query.get("expand")}


@pytest.fixture
def reviews():
    """What the expansion `stars` asks."""
    return Reviews()


@pytest.fixture
def shop(boot, sqlite_url, reviews):
    """A client of an app with expansions, and two notes."""

    def add(name, batch=empty, **members):
        return Expansion(Pad, "note", name, StarsSchema, "Stars of a note.", batch, **members)

    expanding = Feature(
        name="stars",
        summary="Stars",
        expansions=[
            add("stars", reviews.batch, public=True),
            add("private"),
            add("guarded", reviews.batch, allow=permission("notes.write")),
            add("broken", refuse),
            *(add(f"more_{number}") for number in range(5)),
        ],
    )
    away = Feature(name="away", summary="Away", expansions=[add("dormant")])
    features = (demo.feature, demo.people, expanding)
    app = boot(sqlite_url, features=features, away=(away,), blueprints=(demo.blueprint, pads))
    client = app.test_client()
    for number in (1, 2):
        headers = {"Idempotency-Key": f"{KEY}-{number}"}
        client.post("/v1/notes", json={"title": f"n{number}", "rank": number}, headers=headers)
    return client


@pytest.fixture
def ids(shop):
    """The ids of the two notes, oldest first."""
    return [one["id"] for one in shop.get("/v1/notes?sort=created_at").json["data"]]


def as_(name):
    """Return the headers of a person."""
    return {"Authorization": f"Bearer {name}"}


class TestPages:
    @pytest.mark.parametrize("path", ["/pads/shown", "/pads/dumped"])
    def test_adds_to_each_item_with_one_call(self, shop, ids, reviews, path):
        """One call has the values of all items of a page; an item without one has null."""
        plain = shop.get(f"{path}?sort=created_at").json["data"]

        page = shop.get(f"{path}?sort=created_at&expand=stars").json

        first, second = page["data"]
        assert first == plain[0] | {"expanded": {"stars": {"average": 4.5, "count": 2}}}
        assert second == plain[1] | {"expanded": {"stars": None}}
        assert reviews.asked == [ids]

    def test_adds_nothing_unasked(self, shop, reviews):
        """Without `expand` no feature is asked, and the member does not exist."""
        page = shop.get("/pads/shown").json

        assert all("expanded" not in one for one in page["data"])
        assert reviews.asked == []

    def test_keeps_members_sorted(self, shop):
        """An expanded item has its members in the order of others: by name."""
        item = json.loads(shop.get("/pads/shown?expand=stars").data)["data"][0]

        assert list(item) == sorted(item)

    def test_asks_about_no_empty_page(self, shop, reviews):
        """Of a page without items, no feature is asked."""
        assert shop.get("/pads/shown?rank=9&expand=stars").json["data"] == []
        assert reviews.asked == []

    def test_gives_the_next_page_expanded(self, shop, ids, reviews):
        """The link to the next page has the parameter, and its cursor holds with and without."""
        first = shop.get("/pads/shown?sort=created_at&limit=1&expand=stars")
        address = first.headers["Link"].split(">")[0].strip("<")
        shop.get(address)

        plain = shop.get(f"/pads/shown?sort=created_at&limit=1&cursor={first.json['next_cursor']}")

        assert parse_qs(urlsplit(address).query)["expand"] == ["stars"]
        assert reviews.asked == [[ids[0]], [ids[1]]]
        assert plain.json["data"][0]["id"] == ids[1]


class TestCaching:
    def test_has_no_etag(self, shop, ids):
        """An expanded item has no ETag, is always sent whole, and still names its version."""
        headers = {"If-None-Match": '"1"'}

        plain = shop.get(f"/pads/{ids[0]}", headers=headers)
        expanded = shop.get(f"/pads/{ids[0]}?expand=stars", headers=headers)

        assert (plain.status_code, plain.headers["ETag"]) == (304, '"1"')
        assert (expanded.status_code, expanded.json["version"]) == (200, 1)
        assert "ETag" not in expanded.headers

    @pytest.mark.parametrize(
        ("names", "person", "cached"),
        [
            ("stars", None, "public, max-age=30, stale-while-revalidate=60"),
            ("stars,private", None, "private, no-store"),
            ("stars", "alice", "private, no-store"),
        ],
    )
    def test_is_public_if_all_parts_are(self, shop, names, person, cached):
        """Caches may keep it where the route and every expansion are public, for guests."""
        headers = as_(person) if person else {}

        answer = shop.get(f"/pads/shown?expand={names}", headers=headers)

        assert answer.headers["Cache-Control"] == cached
        assert answer.headers.get("Vary") == ("Authorization" if names == "stars" else None)

    def test_is_private_on_a_private_route(self, shop, ids):
        """A public expansion does not open a route that is not public."""
        answer = shop.get(f"/pads/{ids[0]}?expand=stars")

        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["Content-Length"] == str(len(answer.data))


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "errors"),
        [
            ("expand=stars,star", [["/expand/1", "choice"]]),
            ("expand=stars&expand=x", [["/expand/1", "choice"]]),
            ("expand=", [["/expand/0", "choice"]]),
            ("expand=stars,more_0,more_1,more_2,more_3,more_4", [["/expand", "max_length"]]),
            ("expand=stars&x=1", [["/x", "unknown_field"]]),
        ],
    )
    @pytest.mark.parametrize("path", ["/pads/shown", "/pads/{0}", "/pads/{0}/parts"])
    def test_refuses_unknown_names(self, shop, ids, path, query, errors):
        """An unknown name, a sixth one, and another unknown parameter are refused with 422."""
        answer = shop.get(f"{path.format(ids[0])}?{query}")

        assert (answer.status_code, answer.json["errors"]) == (422, errors)

    def test_reads_its_own_parameter_only(self, shop):
        """Another parameter may have the word as its value."""
        answer = shop.get("/pads/shown?limit=expand")

        assert answer.json["errors"] == [["/limit", "type"]]

    def test_refuses_where_nothing_can_be_added(self, shop):
        """A route that does not say what its items are knows no such parameter."""
        answer = shop.get("/v1/notes?expand=stars")

        assert answer.json["errors"] == [["/expand", "unknown_field"]]

    @pytest.mark.parametrize(("person", "status"), [(None, 401), ("bob", 403), ("charlie", 404)])
    def test_asks_who_may_first(self, shop, reviews, person, status):
        """The policy of an expansion is checked before the view is called."""
        headers = as_(person) if person else {}

        answer = shop.get(f"/pads/{demo.ALICE.sub}?expand=guarded", headers=headers)

        assert answer.status_code == status
        assert reviews.asked == []

    def test_answers_503_for_a_feature_that_is_away(self, shop):
        """A name of a feature that the deployment runs without is known, and answers 503."""
        answer = shop.get("/pads/shown?expand=stars,dormant")

        assert answer.status_code == 503
        assert (answer.json["code"], answer.json["feature"]) == ("feature_disabled", "away")

    def test_fails_with_the_expansion(self, shop):
        """An expansion that raises fails the answer; its refusal is not one of the request."""
        with pytest.raises(RuntimeError, match=r"the expansion 'broken' of .*\.note refuses"):
            shop.get("/pads/shown?expand=broken")


class TestOwnNames:
    def test_stay_with_the_view(self, shop, ids):
        """A route keeps what it accepts as `expand`, beside what others add."""
        alone = shop.get(f"/pads/{ids[0]}/parts?expand=labels").json
        both = shop.get(f"/pads/{ids[0]}/parts?expand=private,labels").json
        others = shop.get(f"/pads/{ids[0]}/parts?expand=private").json

        assert alone == {"id": ids[0], "asked": ["labels"]}
        assert both == alone | {"expanded": {"private": None}}
        assert others["asked"] is None


class TestRoute:
    def test_reads_only(self):
        """A route that changes something cannot name items to expand."""
        with pytest.raises(ValueError, match="only a route for GET"):
            pads.post("/new", allow=anyone, expands=(Pad, "note"))(refuse)
