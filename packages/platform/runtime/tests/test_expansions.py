"""What features add to the items of others: the API document, kept answers, absent features."""

import pytest
from marshmallow import fields, validate
from openapi_spec_validator import OpenAPIV31SpecValidator

from mercato_kit.db import new_id
from mercato_kit.feature import Expansion, Feature
from mercato_kit.http import Blueprint, ListQuerySchema, Page, page_of
from mercato_kit.policies import anyone
from mercato_kit.schemas import Listed, QuerySchema, Schema, Text

WORD = f"{__name__.rpartition('.')[2]}.shelf"
SHELF = new_id()
STEM = "TestExpansionsShelf"
EXPANDED, NAMES = f"{STEM}Expanded", f"{STEM}Expansions"


class Shelves:
    """A contract whose things are shelves; its id is the name of this module."""


class ShelfSchema(Schema):
    """A shelf."""

    id = fields.UUID(metadata={"description": "Id"})


class ShelfQuerySchema(QuerySchema):
    expand = Listed(
        Text(max=5, validate=validate.OneOf(["books"])),
        max=1,
        metadata={"description": "`books`: also list the books"},
    )


class StarsSchema(Schema):
    """Stars."""

    count = fields.Integer(metadata={"description": "How many"})


def read_stars(_ids):
    """Return no stars."""
    return {}


blueprint = Blueprint("shelves", __name__, url_prefix="/v1")


@blueprint.get("/shelves", allow=anyone, public_cache=True, expands=(Shelves, "shelf"))
@blueprint.arguments(ListQuerySchema, location="query")
@blueprint.response(200, page_of(ShelfSchema))
def list_shelves(_query):
    """List shelves"""
    return Page(data=[{"id": SHELF}], has_more=False, next_cursor=None)


@blueprint.get("/shelves/<uuid:shelf_id>", allow=anyone, expands=(Shelves, "shelf"))
@blueprint.arguments(ShelfQuerySchema, location="query")
@blueprint.response(200, ShelfSchema)
def get_shelf(_query, shelf_id):
    """Get a shelf"""
    return {"id": shelf_id}


SHELVES = Feature(name="shelves", summary="Shelves.", blueprints=[blueprint])


def stars(read=read_stars, **members):
    """Return a feature that adds stars to shelves."""
    one = Expansion(Shelves, "shelf", "stars", StarsSchema, "Stars of it.", read, **members)
    return Feature(name="stars", summary="Stars.", expansions=[one])


STARS = stars()


@pytest.fixture
def document(client_of):
    """A function that returns the API document of features."""
    return lambda *features: client_of(*features).get("/openapi.json").json


class TestDescribeExpansions:
    def test_leaves_a_feature_as_it_is(self, document):
        """The paths and components of a feature are equal whatever expands its items."""
        alone, together = document(SHELVES), document(SHELVES, STARS)

        own = [name for name in alone["components"]["schemas"] if name not in (EXPANDED, NAMES)]
        assert alone["paths"] == together["paths"]
        assert {name: alone["components"]["schemas"][name] for name in own} == {
            name: together["components"]["schemas"][name] for name in own
        }

    def test_refers_to_the_component_of_who_expands(self, document):
        """The components of the items name each member, its meaning and its schema."""
        schemas = document(SHELVES, STARS)["components"]["schemas"]

        reference = {"anyOf": [{"$ref": "#/components/schemas/StarsStars"}, {"type": "null"}]}
        assert schemas[EXPANDED]["properties"] == {
            "stars": {**reference, "description": "Stars of it."}
        }
        assert schemas[NAMES]["enum"] == ["stars"]
        assert schemas["StarsStars"]["properties"]["count"]["description"] == "How many"
        assert schemas["ShelvesShelf"]["properties"]["expanded"] == {
            "$ref": f"#/components/schemas/{EXPANDED}"
        }

    def test_is_valid_with_and_without(self, document):
        """Without a feature that expands, no name is accepted, and the document is valid."""
        alone, together = document(SHELVES), document(SHELVES, STARS)

        assert alone["components"]["schemas"][NAMES]["not"] == {}
        for one in (alone, together):
            assert list(OpenAPIV31SpecValidator(one).iter_errors()) == []

    def test_adds_to_what_the_route_accepts(self, document):
        """A route with names of its own accepts both, in one parameter."""
        paths = document(SHELVES)["paths"]

        listed = _expand(paths["/v1/shelves"])
        one = _expand(paths["/v1/shelves/{shelf_id}"])
        name = {"$ref": f"#/components/schemas/{NAMES}"}
        assert (listed["schema"]["items"], listed["schema"]["maxItems"]) == (name, 5)
        assert one["schema"]["items"]["anyOf"][0]["enum"] == ["books"]
        assert one["schema"]["items"]["anyOf"][1] == name
        assert one["description"].startswith("`books`: also list the books")


def _expand(path):
    """Return the only parameter `expand` of a path."""
    [found] = [it for it in path["get"]["parameters"] if it["name"] == "expand"]
    return found


class TestKeptAnswers:
    def test_are_kept_apart(self, client_of):
        """What is kept under `expand` is not given without it, nor the other way round."""
        asked = []

        def read(ids):
            asked.append(ids)
            return {SHELF: {"count": 3}}

        client = client_of(SHELVES, stars(read, public=True), server={"kept_answers": 4})
        paths = ["/v1/shelves", "/v1/shelves?expand=stars"]
        answers = [client.get(path) for path in [*paths, *paths]]

        assert ["Age" in one.headers for one in answers] == [False, False, True, True]
        assert [one.json["data"][0].get("expanded") for one in answers] == [
            None,
            {"stars": {"count": 3}},
        ] * 2
        assert asked == [[SHELF]]

    def test_are_no_private_ones(self, client_of):
        """An expansion that is not public is asked for by each request."""
        client = client_of(SHELVES, STARS, server={"kept_answers": 4})

        answers = [client.get("/v1/shelves?expand=stars") for _ in range(2)]

        assert all("Age" not in one.headers for one in answers)
        assert answers[1].headers["Cache-Control"] == "private, no-store"


class TestAbsentFeature:
    def test_answers_503(self, client_of):
        """Where the feature was left out, its name answers 503, and the rest of the API works."""
        features = {"stars": {"required": False, "settings": {"unknown": 1}}}
        client = client_of(SHELVES, STARS, features=features)

        expanded, plain = client.get("/v1/shelves?expand=stars"), client.get("/v1/shelves")

        assert (expanded.status_code, expanded.json["code"]) == (503, "feature_disabled")
        assert (expanded.json["feature"], plain.status_code) == ("stars", 200)


class TestFailure:
    def test_answers_500(self, client_of):
        """An expansion that fails, fails the answer: null would say that there is nothing."""
        client = client_of(SHELVES, stars(lambda ids: ids[9]))
        client.application.config["PROPAGATE_EXCEPTIONS"] = False

        assert client.get("/v1/shelves?expand=stars").status_code == 500


class TestPage:
    def test_shows_what_a_feature_expands(self, client_of):
        """The composition and the page of the feature name it."""
        client = client_of(SHELVES, STARS, environment="development")

        browser = {"Accept": "text/html"}
        document = client.get("/composition").json
        whole = client.get("/composition", headers=browser).text
        page = client.get("/composition/stars", headers=browser).text

        shown = {it["name"]: it["expands"] for it in document["features"]}
        assert shown == {"shelves": [], "stars": [f"{WORD}: stars"]}
        assert [it["items"] for it in document["expansions"]] == [WORD]
        assert f'<th scope="row"><code>{WORD}</code></th><td><code>stars</code></td>' in whole
        assert f"<dt>Expands</dt><dd>{WORD}: stars</dd>" in page
