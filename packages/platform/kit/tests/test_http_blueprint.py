import warnings
from contextlib import suppress

import pytest
from flask import Response, request

from mercato_kit import db, transactions, work
from mercato_kit.errors import Unavailable
from mercato_kit.feature import Feature, Offer
from mercato_kit.http import Blueprint
from mercato_kit.identity import IdentityProvider, current_principal
from mercato_kit.policies import anyone, anyone_as_guest, permission, signed_in
from mercato_kit.principals import GUEST
from mercato_kit.schemas import Schema, Text

from .demo import ALICE, Note, blueprint, feature

NOTE = {"title": "a"}
KEY = {"Idempotency-Key": "a-key-of-the-routes"}

without_policy = Blueprint("without_policy", __name__)


@without_policy.get("/without-policy")
@without_policy.response(204)
def forget_the_policy():
    """Have no policy"""


shapes = Blueprint("shapes", __name__, url_prefix="/shapes")


door = Blueprint("door", __name__)


@door.post("/door", allow=anyone_as_guest)
@door.response(200)
def enter():
    """Tell whether the caller is a guest"""
    return {"is_guest": current_principal == GUEST}


class LetterSchema(Schema):
    letter = Text(max=9, data_key="Letter")


@shapes.post("/letters", allow=anyone, idempotent=True)
@shapes.arguments(LetterSchema, location="headers")
@shapes.response(204)
def take_letter(headers):
    """Read a header"""


@shapes.route("/both", allow=anyone, methods=["GET", "POST"], endpoint="two_at_once")
@shapes.response(200)
def tell_method():
    """Return the method, and whether it may write"""
    return {"method": request.method, "may_write": transactions.may_write()}


@shapes.put("/put", allow=anyone)
@shapes.response(204)
def put():
    """Put"""


@shapes.delete("/delete", allow=anyone)
@shapes.response(204)
def delete():
    """Delete"""


@shapes.get("/ready", allow=anyone)
@shapes.response(200)
def answer_by_itself():
    """Return a complete response"""
    return Response("{}", mimetype="application/json", headers={"Cache-Control": "max-age=1"})


@shapes.post("/broken", allow=anyone)
@shapes.response(204)
def write_and_fail():
    """Write, then fail"""
    db.session.add(Note(title="gone"))
    db.session.flush()
    raise Unavailable


@shapes.post("/steps", allow=anyone)
@shapes.response(200)
@work.in_steps
def work_in_steps():
    """Write in one unit of work, and fail in another"""
    before = work.is_writing()
    work.run(lambda: db.session.add(Note(title="kept")))
    with suppress(Unavailable):
        work.run(write_and_fail)
    return {"is_writing": before}


class TestRoute:
    @pytest.mark.parametrize("person", [None, "alice", "charlie"])
    def test_without_a_policy_refuses_every_request(self, boot, sqlite_url, person):
        """A route without a policy refuses every request and logs its location."""
        client = boot(sqlite_url, blueprints=[without_policy]).test_client()

        with pytest.raises(RuntimeError, match=r"test_http_blueprint.py:\d+ has no policy"):
            client.get("/without-policy", headers=_as(person))

    def test_has_the_declared_values(self):
        """The host can read policy, methods and location of each route before any request."""
        declared = {route.endpoint: route for route in blueprint.routes}
        note = declared["add_note"]

        assert (note.rule, note.methods, note.allow) == ("/notes", ("POST",), anyone)
        assert (note.idempotent, note.guest_scope, note.if_match) == (True, "email", False)
        assert declared["change_note"].if_match is True
        assert declared["be_guarded"].allow.name == "notes.write"
        assert "demo.py:" in note.where

    @pytest.mark.parametrize(
        ("method", "address", "status"),
        [
            ("GET", "/shapes/both", 200),
            ("POST", "/shapes/both", 200),
            ("PUT", "/shapes/put", 204),
            ("DELETE", "/shapes/delete", 204),
            ("PUT", "/shapes/delete", 405),
        ],
    )
    def test_answers_its_methods(self, odd, method, address, status):
        """A route answers its declared methods and no others."""
        assert odd.open(address, method=method).status_code == status

    def test_reads_on_get_and_writes_on_post(self, odd):
        """Only safe methods run read-only."""
        assert odd.get("/shapes/both").json == {"method": "GET", "may_write": False}
        assert odd.post("/shapes/both").json == {"method": "POST", "may_write": True}

    def test_head_and_options(self, paper):
        """HEAD answers without a body; OPTIONS lists the methods."""
        assert (paper.head("/v1/notes").status_code, paper.head("/v1/notes").data) == (200, b"")
        allowed = paper.options("/v1/notes").headers["Allow"].split(", ")
        assert sorted(allowed) == ["GET", "HEAD", "OPTIONS", "POST"]

    def test_in_steps_runs_its_own_units_of_work(self, odd):
        """A view that is marked begins its units of work itself; one can fail without the other."""
        assert odd.post("/shapes/steps").json == {"is_writing": False}
        assert [note["title"] for note in odd.get("/v1/notes").json["data"]] == ["kept"]

    def test_raising_rolls_back(self, odd):
        """Rows written by a view that raises are rolled back."""
        assert odd.post("/shapes/broken").status_code == 503
        assert odd.get("/v1/notes").json["data"] == []


class TestPolicy:
    @pytest.mark.parametrize(
        ("person", "path", "status"),
        [
            (None, "/v1/private", 401),
            ("mallory", "/v1/private", 401),
            ("alice", "/v1/private", 204),
            (None, "/v1/guarded", 401),
            ("mallory", "/v1/guarded", 401),
            ("alice", "/v1/guarded", 403),
            ("charlie", "/v1/guarded", 204),
        ],
    )
    def test_decides_who_may_call(self, paper, person, path, status):
        """Callers without credentials or without the permission are refused."""
        assert paper.post(path, json=NOTE, headers=_as(person)).status_code == status

    @pytest.mark.parametrize("body", [b"{", b"[" * 5000, b'{"no": 1}', b"", b"\xff"])
    @pytest.mark.parametrize("content_type", ["application/json", "text/plain", None])
    @pytest.mark.parametrize(("person", "status"), [(None, 401), ("alice", 403)])
    def test_comes_before_the_body(self, paper, person, status, body, content_type):
        """A refused caller learns nothing about the body, not even that it is malformed."""
        answer = paper.post(
            "/v1/guarded", data=body, content_type=content_type, headers=_as(person)
        )

        assert answer.status_code == status

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Bearer ",
            "Basic YTpi",
            "Basic alice",
            "bearer",
            "mallory",
            "Bearer alice bob",
            "Bearer alice,Bearer alice",
            "Bearer alice,",
            "Bearer é",
        ],
    )
    @pytest.mark.parametrize("path", ["/v1/private", "/v1/notes", "/v1/notes/by-title/a"])
    def test_refuses_invalid_credentials(self, paper, path, header):
        """Any Authorization header without one valid token answers 401 with a challenge.

        Guests may call two of the routes, and caches may keep what one of them answers.
        """
        method = "POST" if path == "/v1/private" else "GET"

        answer = paper.open(path, method=method, json=NOTE, headers={"Authorization": header})

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mercato", error="invalid_token"'

    def test_challenges_without_credentials(self, paper):
        """Without credentials the challenge has no error."""
        answer = paper.post("/v1/private", json=NOTE)

        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mercato"'

    def test_reads_the_scheme_in_any_case(self, paper):
        """The authentication scheme is case-insensitive."""
        headers = {"Authorization": "bEARER alice"}

        assert paper.post("/v1/private", json=NOTE, headers=headers).status_code == 204

    @pytest.mark.parametrize("header", [None, "Bearer alice", "Bearer mallory", "Basic YTpi", ""])
    def test_of_guests_ignores_credentials(self, boot, sqlite_url, header):
        """On a route that makes every caller a guest, the header changes nothing."""
        client = boot(sqlite_url, blueprints=[door]).test_client()
        headers = {} if header is None else {"Authorization": header}

        assert client.post("/door", headers=headers).json == {"is_guest": True}

    def test_without_a_provider_refuses_tokens(self, boot, sqlite_url):
        """Without an identity provider, every token is refused."""
        client = boot(sqlite_url, features=[feature]).test_client()

        assert client.post("/v1/private", json=NOTE, headers=_as("alice")).status_code == 401
        assert client.get("/v1/notes", headers=_as("alice")).status_code == 401
        assert client.post("/v1/private", json=NOTE).status_code == 401


class TestPrincipal:
    def test_is_authenticated_once_per_request(self, boot, sqlite_url):
        """A token is checked once per request, and again in the next request."""
        asked = []

        class Doorkeeper:
            def authenticate(self, token):
                asked.append(token)
                return ALICE

        who = Blueprint("who", __name__)

        @who.get("/who", allow=signed_in)
        @who.response(200)
        def tell():
            """Tell who calls"""
            return {"is_guest": current_principal == GUEST, "email": current_principal.email}

        door = Feature(name="door", summary="", offers=[Offer(IdentityProvider, "1", Doorkeeper)])
        client = boot(sqlite_url, blueprints=[who], features=[door]).test_client()

        assert client.get("/who", headers=_as("x")).json["email"] == ALICE.email
        assert asked == ["x"]
        client.get("/who", headers=_as("x"))
        assert asked == ["x", "x"]


class TestPath:
    @pytest.mark.parametrize(
        "path",
        [
            f"/v1/notes/{2**63}",
            "/v1/notes/not-a-uuid",
            f"/v1/notes/by-rank/{2**53}",
            f"/v1/notes/by-rank/{2**63}",
            f"/v1/notes/by-rank/-{2**63}",
            f"/v1/notes/by-rank/{'9' * 4000}",
            "/v1/notes/by-title/%00",
            "/v1/notes/by-title/a%00b",
            "/v1/notes/by-title/%ed%a0%80",
            "/v1/notes/by-title/%ff",
            f"/v1/notes/by-title/{'a' * 5000}",
        ],
        ids=lambda path: path[:40],
    )
    def test_values_that_no_column_holds_are_404(self, client, path):
        """A path value that no column can hold answers 404 on both databases."""
        assert client.get(path).status_code == 404

    def test_finds_the_resource(self, client):
        """Other path values find their resource."""
        client.post("/v1/notes", json={"title": "ü/?"}, headers=KEY)

        assert client.get("/v1/notes/by-rank/0").json["title"] == "ü/?"


class TestCacheControl:
    def test_is_private_by_default(self, client):
        """By default, responses may not be stored by caches."""
        answer = client.post("/v1/notes", json=NOTE, headers=KEY)

        assert answer.headers["Cache-Control"] == "private, no-store"

    def test_is_public_for_guests_on_public_routes(self, client):
        """On public routes, caches may keep responses to guests, and vary by Authorization."""
        client.post("/v1/notes", json=NOTE, headers=KEY)

        guest = client.get("/v1/notes/by-title/a")
        alice = client.get("/v1/notes/by-title/a", headers=_as("alice"))

        assert guest.headers["Cache-Control"] == ("public, max-age=30, stale-while-revalidate=60")
        assert guest.headers["Vary"] == "Authorization"
        assert alice.headers["Cache-Control"] == "private, no-store"

    def test_a_view_may_decide_itself(self, odd):
        """A Cache-Control header set by the view is kept."""
        assert odd.get("/shapes/ready").headers["Cache-Control"] == "max-age=1"


class TestDocumentation:
    def test_describes_what_a_route_requires(self, paper):
        """The API document has policy, key, ETag and the limits of fields."""
        with warnings.catch_warnings():
            # The host resolves the names of components.
            warnings.simplefilter("ignore")
            paths = paper.application.extensions["api"].spec.to_dict()["paths"]

        add = paths["/v1/notes"]["post"]
        change = paths["/v1/notes/{note_id}"]["patch"]
        assert add["summary"] == "Add a note"
        assert add["x-permission"] == "anyone"
        assert add["security"] == [{}, {"bearer": []}]
        assert _header(add)["name"] == "Idempotency-Key"
        assert _header(change)["name"] == "If-Match"
        guarded = paths["/v1/guarded"]["post"]
        assert (guarded["x-permission"], guarded["security"]) == ("notes.write", [{"bearer": []}])

    def test_of_a_route_for_guests_has_no_credentials(self, boot, sqlite_url):
        """A route that does not read credentials is documented without any."""
        paths = boot(sqlite_url, blueprints=[door]).extensions["api"].spec.to_dict()["paths"]

        enter = paths["/door"]["post"]
        assert (enter["x-permission"], enter["security"]) == ("anyone", [])

    def test_keeps_the_headers_of_a_schema(self, odd):
        """The Idempotency-Key is documented next to the headers of a schema."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            paths = odd.application.extensions["api"].spec.to_dict()["paths"]

        names = [each["name"] for each in paths["/shapes/letters"]["post"]["parameters"]]
        assert names == ["Letter", "Idempotency-Key"]

    def test_describes_lists_in_parameters(self, paper):
        """A list in a query parameter is documented as comma-separated, with its limit."""
        parameters = paper.application.extensions["api"].spec.to_dict()["paths"]["/v1/notes"][
            "get"
        ]["parameters"]
        ranks = next(parameter for parameter in parameters if parameter["name"] == "ranks")

        assert (ranks["style"], ranks["explode"]) == ("form", True)
        assert (ranks["schema"]["minItems"], ranks["schema"]["maxItems"]) == (1, 3)


class TestPermission:
    def test_has_the_name_of_the_permission(self):
        """A permission policy is named after the permission."""
        assert permission("stock.write").name == "stock.write"


@pytest.fixture
def odd(boot, sqlite_url):
    """A client of routes with unusual declarations."""
    return boot(sqlite_url, blueprints=[blueprint, shapes]).test_client()


def _as(person):
    return {} if person is None else {"Authorization": f"Bearer {person}"}


def _header(operation):
    return next(each for each in operation["parameters"] if each["in"] == "header")
