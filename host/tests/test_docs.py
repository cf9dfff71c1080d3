"""The API document and its page."""

import re

import pytest

from mercato_host import config
from mercato_host import create_app
from mercato_host.faults import DeploymentError
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.http import ListQuerySchema
from mercato_kit.http import page_of
from mercato_kit.identity import anyone
from mercato_kit.identity import permission
from mercato_kit.identity import signed_in
from mercato_kit.schemas import Schema
from mercato_kit.schemas import Text


class NoteSchema(Schema):
    text = Text(required=True, max=100)


class NewNoteSchema(Schema):
    text = Text(required=True, max=100)


class NotesQuerySchema(ListQuerySchema):
    q = Text(max=50)


def notes(name):
    """Return a feature with one of each kind of route."""
    blueprint = Blueprint(name, __name__, url_prefix=f"/v1/{name}")

    @blueprint.get("/", allow=anyone)
    @blueprint.arguments(NotesQuerySchema, location="query")
    @blueprint.response(200, page_of(NoteSchema))
    def find_notes(query):
        """Find notes"""

    @blueprint.post("/", allow=signed_in, idempotent=True)
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


@pytest.fixture
def make_client(tmp_path):
    """Make a client of an app with some features."""

    def make_client(*features):
        url = f"sqlite:///{tmp_path}/shop.db"
        values = {"environment": "testing", "database": {"url": url}}
        return create_app(config.from_mapping(values), features=features).test_client()

    return make_client


class TestDocument:
    def test_says_what_each_operation_needs_and_refuses(self, make_client):
        """Method by method: policy, headers, answers."""
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
        assert "security" not in found
        assert written["security"] == changed["security"] == [{"bearer": []}]
        assert list(found["responses"]) == ["200", "422", "default"]
        assert list(written["responses"]) == [
            *("201", "400", "401", "409", "413", "415", "422", "default")
        ]
        assert list(changed["responses"]) == [
            *("200", "400", "401", "403", "404", "412", "413", "415", "422", "428", "default")
        ]
        assert {one["operationId"] for one in (found, written, changed)} == {
            "blue_find_notes",
            "blue_write_note",
            "blue_change_note",
        }

    def test_has_one_problem_for_all_refusals(self, make_client):
        """Each refusal refers to the one shared response, which is problem+json."""
        document = make_client(notes("blue")).get("/openapi.json").json

        components = document["components"]
        refused = document["paths"]["/v1/blue/"]["post"]["responses"]["401"]
        assert refused == {"$ref": "#/components/responses/Problem"}
        assert list(components["responses"]) == ["Problem"]
        assert list(components["responses"]["Problem"]["content"]) == ["application/problem+json"]
        assert components["securitySchemes"]["bearer"]["scheme"] == "bearer"

    def test_names_components_by_feature(self, make_client):
        """Two features with schemas of one name have components of two names."""
        document = make_client(notes("blue"), notes("red")).get("/openapi.json").json

        assert sorted(document["components"]["schemas"]) == [
            "BlueNewNote",
            "BlueNote",
            "BlueNoteList",
            "FieldError",
            "Problem",
            "RedNewNote",
            "RedNote",
            "RedNoteList",
        ]

    def test_of_one_feature_does_not_depend_on_the_others(self, make_client):
        """Clients generated for one feature stay what they are when another is switched on."""
        alone = make_client(notes("red")).get("/openapi.json").json
        beside = make_client(notes("blue"), notes("red")).get("/openapi.json").json

        for path, operations in alone["paths"].items():
            assert beside["paths"][path] == operations
        for name, schema in alone["components"]["schemas"].items():
            assert beside["components"]["schemas"][name] == schema

    def test_is_strict_in_what_is_sent_and_open_in_what_is_answered(self, make_client):
        """A new field in an answer breaks no client; an unknown one in a body is refused."""
        schemas = make_client(notes("blue")).get("/openapi.json").json["components"]["schemas"]

        assert schemas["BlueNewNote"]["additionalProperties"] is False
        assert "additionalProperties" not in schemas["BlueNote"]
        assert "additionalProperties" not in schemas["Problem"]

    def test_is_the_same_bytes_with_a_strong_etag(self, make_client):
        """It is made once, and a client that has it is not sent it again."""
        client, other = make_client(notes("blue")), make_client(notes("blue"))

        first = client.get("/openapi.json")

        etag = first.headers["ETag"]
        assert re.fullmatch(r'"[0-9a-f]{64}"', etag)
        assert first.data == client.get("/openapi.json").data == other.get("/openapi.json").data
        again = client.get("/openapi.json", headers={"If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")

    def test_refuses_a_schema_in_two_shapes(self, make_client):
        """K407: a component of one name has one shape."""
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


class TestPage:
    def test_loads_everything_from_us_under_a_strict_policy(self, make_client):
        """The page works offline, and no inline script or style is allowed."""
        client = make_client(notes("blue"))

        page = client.get("/docs")

        policy = page.headers["Content-Security-Policy"]
        assert page.mimetype == "text/html"
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert len(parts) == 6
        assert {client.get(f"/{part}").status_code for part in parts} == {200}
        assert "<script>" not in page.text
        assert "style=" not in page.text

    @pytest.mark.parametrize("name", ["oauth2-redirect.html", "index.html", "../app.py", "LICENSE"])
    def test_serves_nothing_else_of_the_package(self, make_client, name):
        """Only what the page needs has an address."""
        assert make_client(notes("blue")).get(f"/docs/{name}").status_code == 404
