"""Every error is answered with a problem document."""

from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_host.extensions import db
from mercato_kit.errors import Conflict, FieldError, Invalid
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone, permission
from mercato_kit.schemas import Schema, Text


class OutOfPaint(Conflict):
    """The tin is empty; more comes on Monday."""

    code = "out_of_paint"
    title = "There is no paint"


class OutOfRed(OutOfPaint):
    """Red comes on Tuesday: a kind of the same refusal, with the same code."""


class NoteSchema(Schema):
    text = Text(required=True, max=100)


blueprint = Blueprint("paints", __name__, url_prefix="/v1")


@blueprint.post("/notes", allow=anyone)
@blueprint.arguments(NoteSchema)
@blueprint.response(201, NoteSchema)
def write_note(body):
    """Write a note"""
    return body


@blueprint.get("/tins/<tin>", allow=anyone)
def open_tin(tin):
    """Open a tin"""
    errors = {
        "empty": OutOfPaint("No red.", colour="red", status="ours"),
        "two": Invalid(errors=[FieldError("/a", "min", "Too small.")]),
        "broken": ZeroDivisionError("the secret is a plum"),
        "away": OperationalError(
            "SELECT secret", {}, Exception("gone"), connection_invalidated=True
        ),
    }
    raise errors[tin]


@blueprint.delete("/tins/<tin>", allow=permission("paints.write"))
def throw_away(tin):
    """Delete a tin"""


feature = Feature(name="paints", summary="For a test.", blueprints=[blueprint])


@pytest.fixture
def app(tmp_path) -> Flask:
    """An app with this feature; its database is never used."""
    url = f"sqlite:///{tmp_path}/shop.db"
    values = {"environment": "testing", "database": {"url": url}}
    return create_app(read_deployment(values), features=[feature])


@pytest.fixture
def client(app):
    """A client of the app."""
    return app.test_client()


class TestProblems:
    def test_has_every_member(self, client):
        """The document has the members of RFC 9457, code, request id, and those of the problem."""
        answer = client.get("/v1/tins/empty", headers={"X-Request-Id": "abcdefgh"})

        assert answer.mimetype == "application/problem+json"
        assert answer.json == {
            "type": "/problems/out_of_paint",
            "title": "There is no paint",
            "status": 409,
            "detail": "No red.",
            "instance": "/v1/tins/empty",
            "code": "out_of_paint",
            "request_id": "abcdefgh",
            "colour": "red",
        }

    def test_lists_the_mistakes_of_the_input(self, client):
        """Each mistake has a pointer, a code and a detail."""
        answer = client.get("/v1/tins/two")

        assert answer.status_code == 422
        assert answer.json["errors"] == [{"pointer": "/a", "code": "min", "detail": "Too small."}]

    def test_401_has_a_challenge(self, client):
        """A 401 has a WWW-Authenticate header."""
        answer = client.delete("/v1/tins/1")

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    def test_are_explained_at_their_type(self, client):
        """The type is a URL that explains the problem."""
        explained = client.get(client.get("/v1/tins/empty").json["type"])

        assert explained.json.items() >= {
            ("code", "out_of_paint"),
            ("status", 409),
            ("title", "There is no paint"),
            ("description", "The tin is empty; more comes on Monday."),
        }
        assert client.get("/problems/no_such_code").status_code == 404

    def test_are_explained_by_the_class_of_the_code(self, client):
        """A subclass that inherits a code does not replace its explanation."""
        explained = client.get(f"/problems/{OutOfRed.code}")

        assert explained.json["description"] == OutOfPaint.__doc__


class TestHttpExceptions:
    @pytest.mark.parametrize(
        ("request_", "status", "code"),
        [
            ({"path": "/nowhere"}, 404, "not_found"),
            ({"path": "/v1/notes", "method": "PUT"}, 405, "method_not_allowed"),
            ({"path": "/v1/notes", "method": "POST", "data": "{"}, 415, "unsupported_media_type"),
            (
                {
                    "path": "/v1/notes",
                    "method": "POST",
                    "data": "{",
                    "content_type": "application/json",
                },
                400,
                "malformed_request",
            ),
            (
                {"path": "/v1/notes", "method": "POST", "json": {"text": "x" * 65536}},
                413,
                "content_too_large",
            ),
            ({"path": "/v1/tins/%00", "method": "GET"}, 404, "not_found"),
        ],
    )
    def test_are_problems(self, client, request_, status, code):
        """Errors of Flask have the same format as those of a feature."""
        answer = client.open(**request_)

        assert (answer.status_code, answer.json["status"]) == (status, status)
        assert answer.mimetype == "application/problem+json"
        assert answer.json["code"] == code
        assert answer.json["request_id"] == answer.headers["X-Request-Id"]

    def test_405_keeps_allow(self, client):
        """A 405 lists the allowed methods."""
        answer = client.put("/v1/notes")

        assert "POST" in answer.headers["Allow"]

    @pytest.mark.parametrize(("size", "status"), [(65_536, 422), (65_537, 413), (200_000, 413)])
    def test_413_counts_what_arrives_without_a_length(self, client, size, status):
        """A chunked body that is too long is refused too."""
        text = size - len(b'{"text": ""}')
        body = b'{"text": "' + b"x" * text + b'"}'

        answer = client.post(
            "/v1/notes",
            input_stream=BytesIO(body),
            content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True},
        )

        assert answer.status_code == status

    def test_413_also_where_no_body_is_read(self, client):
        """A GET with a body that is too long is refused, and the connection is closed."""
        refused = client.get("/v1/tins/empty", data=b"x" * 65537)

        assert (refused.status_code, refused.headers["Connection"]) == (413, "close")


class TestFaults:
    def test_are_logged_and_show_no_detail(self, client, caplog):
        """The response has only a request id; the log has the id and the error."""
        answer = client.get("/v1/tins/broken")

        assert answer.status_code == 500
        assert answer.mimetype == "application/problem+json"
        assert "plum" not in answer.text
        [record] = [one for one in caplog.records if one.name == "mercato_runtime.problems"]
        assert answer.json["request_id"] in record.getMessage()
        assert "the secret is a plum" in str(record.exc_info)

    def test_a_database_that_is_away_is_unavailable(self, client):
        """A lost connection gives 503 with Retry-After, and shows no statement."""
        answer = client.get("/v1/tins/away")

        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert "secret" not in answer.text

    def test_an_error_of_the_session_after_the_response_is_ignored(self, app, monkeypatch):
        """If closing the session fails, the response is still sent."""

        def die():
            raise OperationalError("ROLLBACK", {}, ConnectionError("gone"))

        monkeypatch.setattr(db.session, "remove", die)

        assert app.test_client().get("/healthz").status_code == 200
