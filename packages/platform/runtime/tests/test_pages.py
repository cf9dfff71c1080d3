"""The API document and its page."""

import re

import pytest
import sqlalchemy as sa
from marshmallow import fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_host import create_app
from mercato_kit import db
from mercato_kit.errors import Conflict
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint, ListQuerySchema, page_of
from mercato_kit.policies import anyone, anyone_as_guest, permission, signed_in
from mercato_kit.schemas import Metadata, ModelSchema, Schema, Text


class NoteSchema(Schema):
    text = Text(required=True, max=100)


class NewNoteSchema(Schema):
    text = Text(required=True, max=100)


class NotesQuerySchema(ListQuerySchema):
    q = Text(max=50)


class TornPaper(Conflict):
    """The paper is torn."""

    code = "torn_paper"
    title = "Torn paper"


def notes(name):
    """Return a feature with one of each kind of route."""
    blueprint = Blueprint(name, __name__, url_prefix=f"/v1/{name}")

    @blueprint.get("/", allow=anyone)
    @blueprint.arguments(NotesQuerySchema, location="query")
    @blueprint.response(200, page_of(NoteSchema))
    def find_notes(query):
        """Find notes"""

    @blueprint.post("/cards", allow=anyone_as_guest)
    @blueprint.response(204)
    def lend_card():
        """Lend a card"""

    @blueprint.post("/", allow=signed_in, idempotent=True, refuses=[TornPaper])
    @blueprint.arguments(NewNoteSchema)
    @blueprint.response(201, NoteSchema)
    def write_note(body):
        """Write a note

        It is kept for a year.
        """

    @blueprint.put("/<uuid:note_id>", allow=permission(f"{name}.write"), if_match=True)
    @blueprint.arguments(NewNoteSchema)
    @blueprint.response(200, NoteSchema)
    def change_note(body, note_id):
        """Change a note"""

    return Feature(name=name, summary=f"Notes in {name}.", blueprints=[blueprint])


class Base(DeclarativeBase):
    metadata = db.metadata("shelves")
    type_annotation_map = db.TYPES


class Shelf(db.Aggregate, Base):
    __tablename__ = "shelves_shelf"
    __table_args__ = (
        sa.CheckConstraint("state IN ('empty', 'full')", name="state"),
        sa.CheckConstraint("note IN ('here','there')", name="note"),
    )

    state: Mapped[str]
    note: Mapped[str | None]
    load: Mapped[int]


class NewShelfSchema(Schema):
    code = Text(required=True, validate=validate.Regexp(r"[a-z]+(-[a-z]+)*\Z"))
    prefix = Text(validate=validate.Regexp(r"A|B"))
    metadata = Metadata()


class ShelfChangesSchema(Schema):
    note = Text(max=10)


class ShelfSchema(ModelSchema):
    sometimes = ("load",)

    class Meta(ModelSchema.Meta):
        """The model and the published fields."""

        model = Shelf
        fields = ("id", "state", "note", "load", "metadata", "version")

    metadata = fields.Dict(attribute="metadata_")


def shelves():
    """Return a feature with a table."""
    blueprint = Blueprint("shelves", __name__, url_prefix="/v1/shelves")

    @blueprint.get("/", allow=anyone)
    @blueprint.arguments(NotesQuerySchema, location="query")
    @blueprint.response(200, page_of(ShelfSchema))
    def find_shelves(query):
        """Find shelves"""

    @blueprint.post("/", allow=anyone, idempotent=True)
    @blueprint.arguments(NewShelfSchema)
    @blueprint.response(201, ShelfSchema)
    def make_shelf(body):
        """Make a shelf"""

    @blueprint.get("/<uuid:shelf_id>", allow=anyone)
    @blueprint.response(200, ShelfSchema)
    def read_shelf(shelf_id):
        """Read a shelf"""

    @blueprint.patch("/<uuid:shelf_id>", allow=anyone)
    @blueprint.arguments(ShelfChangesSchema)
    @blueprint.response(200, ShelfSchema)
    def change_shelf(body, shelf_id):
        """Change a shelf"""

    return Feature(name="shelves", summary="Shelves.", blueprints=[blueprint])


@pytest.fixture
def make_client(tmp_path):
    """Return a function that makes a client of an app with features."""

    def make_client(*features, **server):
        url = f"sqlite:///{tmp_path}/shop.db"
        values = {"environment": "testing", "database": {"url": url}, "server": server}
        return create_app(read_deployment(values), features=features).test_client()

    return make_client


class TestDocument:
    def test_says_what_each_operation_needs_and_refuses(self, make_client):
        """Each operation has its policy, headers and responses."""
        document = make_client(notes("blue")).get("/openapi.json").json

        paths = document["paths"]
        found, written = paths["/v1/blue/"]["get"], paths["/v1/blue/"]["post"]
        changed = paths["/v1/blue/{note_id}"]["put"]
        assert document["openapi"] == "3.1.0"
        assert (written["summary"], written["description"]) == (
            "Write a note",
            "It is kept for a year.",
        )
        assert [one["x-permission"] for one in (found, written, changed)] == [
            "anyone",
            "signed_in",
            "blue.write",
        ]
        assert found["security"] == [{}, {"bearer": []}]
        assert written["security"] == changed["security"] == [{"bearer": []}]
        assert list(found["responses"]) == ["200", "400", "401", "422", "429", "503", "default"]
        assert list(written["responses"]) == [
            *("201", "400", "401", "409", "410", "413", "415", "422", "429", "503", "default")
        ]
        assert list(changed["responses"]) == [
            *("200", "400", "401", "403", "404", "412", "413", "415", "422", "428", "429", "503"),
            "default",
        ]
        assert {one["operationId"] for one in (found, written, changed)} == {
            "blue_find_notes",
            "blue_write_note",
            "blue_change_note",
        }

    def test_says_how_lists_are_sorted(self, make_client):
        """``sort`` is one of the allowed names, with and without the sign for descending order."""
        document = make_client(notes("blue")).get("/openapi.json").json

        parameters = {it["name"]: it for it in document["paths"]["/v1/blue/"]["get"]["parameters"]}
        assert parameters["sort"]["schema"]["enum"] == ["created_at", "-created_at"]
        assert parameters["sort"]["description"].endswith("Default: -created_at")

    def test_has_a_component_for_each_problem(self, make_client):
        """A component has the code and the status of its problem, and says what it means."""
        schemas = make_client(notes("blue")).get("/openapi.json").json["components"]["schemas"]

        torn, locked = schemas["BlueTornPaperProblem"], schemas["UnauthenticatedProblem"]
        assert torn["properties"]["code"]["const"] == "torn_paper"
        assert torn["properties"]["status"]["const"] == 409
        assert torn["description"] == "The paper is torn."
        assert locked["properties"]["code"]["const"] == "unauthenticated"
        assert "errors" not in locked["properties"]
        assert "errors" in schemas["InvalidProblem"]["properties"]

    def test_names_the_problems_of_a_status_by_reference(self, make_client):
        """A status with several problems is one of their components; no schema stands inline."""
        document = make_client(notes("blue")).get("/openapi.json").json

        responses = document["paths"]["/v1/blue/"]["post"]["responses"]
        conflict = responses["409"]["content"]["application/problem+json"]["schema"]
        assert conflict == {
            "oneOf": [
                {"$ref": "#/components/schemas/IdempotencyInProgressProblem"},
                {"$ref": "#/components/schemas/BlueTornPaperProblem"},
            ]
        }
        assert responses["409"]["description"].endswith("; `torn_paper`: Torn paper")
        assert responses["401"] == {"$ref": "#/components/responses/UnauthenticatedProblem"}
        assert responses["default"] == {"$ref": "#/components/responses/Problem"}

    def test_has_shared_responses_for_problems_of_the_platform(self, make_client):
        """A shared response is problem+json, has the headers of its status, and is used."""
        components = make_client(notes("blue")).get("/openapi.json").json["components"]

        shared = components["responses"]
        assert {next(iter(one["content"])) for one in shared.values()} == {
            "application/problem+json"
        }
        assert list(shared["UnauthenticatedProblem"]["headers"]) == ["WWW-Authenticate"]
        assert list(shared["UnavailableProblem"]["headers"]) == ["Retry-After"]
        assert "`internal_error` (500)" in shared["Problem"]["description"]
        assert "StaleVersionProblem" in shared
        assert "FeatureDisabledProblem" not in shared
        assert components["securitySchemes"]["bearer"]["scheme"] == "bearer"

    @pytest.mark.parametrize(
        ("server", "url"), [({}, "/"), ({"url": "https://shop.example/api"}, None)]
    )
    def test_names_its_server(self, make_client, server, url):
        """The server is the URL of the deployment, or else the root of the request."""
        document = make_client(notes("blue"), **server).get("/openapi.json").json

        assert document["servers"] == [{"url": url or server["url"]}]
        assert document["info"]["license"] == {"name": "MIT", "identifier": "MIT"}

    def test_needs_no_credentials_where_none_are_looked_at(self, make_client):
        """A route that gives credentials has an empty ``security``, and never answers 401."""
        document = make_client(notes("blue")).get("/openapi.json").json

        borrowed = document["paths"]["/v1/blue/cards"]["post"]
        assert borrowed["security"] == []
        assert "401" not in borrowed["responses"]

    def test_names_components_by_feature(self, make_client):
        """Schemas with the same name in two features get different component names."""
        document = make_client(notes("blue"), notes("red")).get("/openapi.json").json

        names = sorted(document["components"]["schemas"])
        assert [name for name in names if name.startswith(("Blue", "Red"))] == [
            "BlueNewNote",
            "BlueNote",
            "BlueNoteList",
            "BlueTornPaperProblem",
            "RedNewNote",
            "RedNote",
            "RedNoteList",
            "RedTornPaperProblem",
        ]

    def test_of_one_feature_does_not_depend_on_the_others(self, make_client):
        """The part of a feature is the same if another feature is added."""
        alone = make_client(notes("red")).get("/openapi.json").json
        beside = make_client(notes("blue"), notes("red")).get("/openapi.json").json

        for path, operations in alone["paths"].items():
            assert beside["paths"][path] == operations
        for name, schema in alone["components"]["schemas"].items():
            assert beside["components"]["schemas"][name] == schema

    def test_is_strict_for_requests_and_open_for_responses(self, make_client):
        """Schemas of bodies forbid additional members, schemas of responses allow them."""
        schemas = make_client(notes("blue")).get("/openapi.json").json["components"]["schemas"]

        assert schemas["BlueNewNote"]["additionalProperties"] is False
        assert "additionalProperties" not in schemas["BlueNote"]
        assert "additionalProperties" not in schemas["Problem"]

    def test_is_the_same_bytes_with_a_strong_etag(self, make_client):
        """The document has the same bytes every time, and If-None-Match gets 304."""
        client, other = make_client(notes("blue")), make_client(notes("blue"))

        first = client.get("/openapi.json")

        etag = first.headers["ETag"]
        assert re.fullmatch(r'"[0-9a-f]{64}"', etag)
        assert first.data == client.get("/openapi.json").data == other.get("/openapi.json").data
        again = client.get("/openapi.json", headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")

    @pytest.mark.provokes("K407")
    def test_refuses_a_schema_in_two_shapes(self, make_client):
        """K407: the same schema class must not be used with different fields."""
        blueprint = Blueprint("blue", __name__)

        @blueprint.get("/a", allow=anyone)
        @blueprint.response(200, NoteSchema)
        def whole():
            """Return it whole"""

        @blueprint.get("/b", allow=anyone)
        @blueprint.response(200, NoteSchema(partial=True))
        def part():
            """Return a part"""

        with pytest.raises(DeploymentError) as refused:
            make_client(Feature(name="blue", summary="For a test.", blueprints=[blueprint]))

        assert [fault.code for fault in refused.value.faults] == ["K407"]


class TestSchemas:
    """The schemas follow the standards that client generators expect."""

    @pytest.fixture
    def document(self, make_client):
        """The document of a feature with tables."""
        return make_client(shelves()).get("/openapi.json").json

    def test_patterns_are_those_of_json_schema(self, document):
        """Patterns are those of ECMA-262, and match the whole text."""
        sent = document["components"]["schemas"]["ShelvesNewShelf"]["properties"]

        assert sent["code"]["pattern"] == "^(?:[a-z]+(-[a-z]+)*)$"
        assert sent["prefix"]["pattern"] == "^(?:A|B)"

    def test_an_object_has_a_number_of_members(self, document):
        """The size of an object is minProperties and maxProperties, not a length."""
        metadata = document["components"]["schemas"]["ShelvesNewShelf"]["properties"]["metadata"]

        assert metadata["maxProperties"] == 50
        assert "maxLength" not in metadata

    def test_a_response_lists_required_members(self, document):
        """Columns are required, also if null; members that a hook may omit are not."""
        shelf = document["components"]["schemas"]["ShelvesShelf"]

        assert shelf["required"] == ["id", "metadata", "note", "state", "version"]
        assert sorted(shelf["properties"]) == sorted([*shelf["required"], "load"])

    def test_a_column_with_a_check_has_an_enum(self, document):
        """The enum has the values of the table's CHECK, and null if the column allows it."""
        properties = document["components"]["schemas"]["ShelvesShelf"]["properties"]

        assert properties["state"]["enum"] == ["empty", "full"]
        assert properties["note"]["enum"] == ["here", "there", None]

    def test_a_body_without_required_members_is_optional(self, document):
        """requestBody.required is false if no member is required."""
        paths = document["paths"]

        assert paths["/v1/shelves/"]["post"]["requestBody"]["required"] is True
        assert paths["/v1/shelves/{shelf_id}"]["patch"]["requestBody"]["required"] is False

    def test_responses_have_their_headers(self, document):
        """ETag, Location, Link and Idempotency-Replayed are documented where they occur."""
        paths = document["paths"]
        read = paths["/v1/shelves/{shelf_id}"]["get"]["responses"]
        listed = paths["/v1/shelves/"]["get"]["responses"]
        made = paths["/v1/shelves/"]["post"]["responses"]

        assert list(read["200"]["headers"]) == ["ETag"]
        assert list(read["304"]["headers"]) == ["ETag"]
        assert "content" not in read["304"]
        assert list(listed["200"]["headers"]) == ["Link"]
        assert "304" not in listed
        assert list(made["201"]["headers"]) == ["ETag", "Idempotency-Replayed", "Location"]


class TestPage:
    @pytest.mark.parametrize("path", ["/docs", "/docs/"])
    def test_loads_all_files_from_this_server(self, make_client, path):
        """The page needs no other server, and its policy allows no inline script or style."""
        client = make_client(notes("blue"))

        page = client.get(path)

        policy = page.headers["Content-Security-Policy"]
        assert page.mimetype == "text/html"
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        parts = re.findall(r'(?:src|href|data-document)="([^"]+)"', page.text)
        assert len(parts) == 8
        assert {client.get(part).status_code for part in parts} == {200}
        assert "<script>" not in page.text
        assert "style=" not in page.text

    @pytest.mark.parametrize("name", ["oauth2-redirect.html", "index.html", "../app.py", "LICENSE"])
    def test_serves_nothing_else_of_the_package(self, make_client, name):
        """Other files of the package answer 404."""
        assert make_client(notes("blue")).get(f"/docs/{name}").status_code == 404
