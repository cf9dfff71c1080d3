import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit import db, work
from mercato_kit.errors import Problem
from mercato_kit.http import Blueprint
from mercato_kit.models import IdempotencyKey
from mercato_kit.policies import anyone
from mercato_kit.schemas import QuerySchema, Schema, Text

from .demo import KEY, Note, blueprint


class Counted(Problem):
    status = 409
    code = "counted"
    keeps_work = True


class TitleSchema(Schema):
    title = Text(required=True, max=20)


odd = Blueprint("odd", __name__, url_prefix="/v1/odd")


@odd.post("/kept", allow=anyone, idempotent=True)
@odd.arguments(TitleSchema)
@odd.response(204)
def refuse_and_keep(body):
    """Write, and refuse with the work kept"""
    db.session.add(Note(**body))
    raise Counted


@odd.post("/returned", allow=anyone, idempotent=True)
@odd.arguments(TitleSchema)
@odd.response(200)
def return_an_error(body):
    """Return an error response instead of raising"""
    return {"title": body["title"]}, 409


@odd.post("/crash", allow=anyone, idempotent=True)
@odd.arguments(TitleSchema)
@odd.response(204)
def crash(body):
    """Write, then fail before the commit"""
    db.session.add(Note(**body))
    db.session.flush()
    raise SystemExit


class ThingQuerySchema(QuerySchema):
    a = Text(max=20)


@odd.post("/<name>/things", allow=anyone, idempotent=True)
@odd.arguments(ThingQuerySchema, location="query")
@odd.response(204)
def add_thing(query, name):
    """Do something without a body"""


@odd.post("/letters", allow=anyone, idempotent=True, guest_header="Letter")
@odd.response(200)
def read_letter():
    """Get what only the holder of a secret may see"""
    return {"id": str(db.new_id())}


@odd.post("/" + "long/" * 40, allow=anyone, idempotent=True)
@odd.response(204)
def go_far():
    """Have a long URL"""


@pytest.fixture
def app(boot, database_url):
    """The demo app with more routes, on each database."""
    return boot(database_url, blueprints=(blueprint, odd))


@pytest.fixture
def titles(app):
    """The titles of all notes, sorted."""

    def titles():
        with app.app_context():
            return sorted(db.session.scalars(sa.select(Note.title)))

    return titles


class TestAnswerOnce:
    def test_returns_the_stored_response(self, post, titles):
        """A repeated request has one effect and gets the same status, headers and bytes."""
        first = post()

        again = post()

        assert first.status_code == again.status_code == 201
        assert first.data == again.data
        for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
            assert first.headers[name] == again.headers[name]
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert titles() == ["a"]

    def test_refuses_when_the_answer_was_erased(self, post, titles, in_unit):
        """Behind an erased answer a repeated request has no second effect, and answers 410."""
        post()
        erased = {"response_status": 410, "response_body": None, "response_headers": None}
        in_unit(lambda: db.session.execute(sa.update(IdempotencyKey).values(**erased)))

        again = post()

        assert (again.status_code, again.json["code"]) == (410, "answer_erased")
        assert titles() == ["a"]

    def test_compares_bodies_by_value(self, client, post):
        """White space and the order of members do not make another request."""
        first = post("a", rank=1)

        again = client.post(
            "/v1/notes",
            data=b'{ "rank": 1,\n "title": "\\u0061" }',
            headers={"Idempotency-Key": KEY, "Content-Type": "application/json"},
        )

        assert first.data == again.data

    def test_refuses_another_body(self, post, titles):
        """A key used with another body is refused, and nothing happens."""
        post("a")

        refused = post("b")

        assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
        assert titles() == ["a"]

    def test_refuses_another_path_of_the_route(self, post):
        """A key used with another path of the route is refused."""
        first = post(path="/v1/odd/one/things")
        refused = post(path="/v1/odd/two/things")

        assert (first.status_code, refused.status_code) == (204, 422)

    def test_refuses_another_query_string(self, post):
        """The query string is part of the request."""
        first = post(path="/v1/odd/one/things?a=1")
        refused = post(path="/v1/odd/one/things?a=2")

        assert (first.status_code, refused.status_code) == (204, 422)

    def test_keys_are_separate_per_route(self, post):
        """A key can be used once on each route."""
        assert post().status_code == 201
        assert post(path="/v1/odd/one/things").status_code == 204

    def test_keys_are_separate_per_principal(self, post, titles):
        """Two principals can use the same key, and do not see each other's response."""
        alice = post("a", person="alice")
        bob = post("b", person="bob")
        guest = post("c")

        assert [answer.json["title"] for answer in (alice, bob, guest)] == ["a", "b", "c"]
        assert titles() == ["a", "b", "c"]

    def test_keys_are_separate_per_api_key(self, post, titles):
        """A program does not share the keys of the person that it acts for."""
        alice, program = post("a", person="alice"), post("b", person="program")

        assert [answer.json["title"] for answer in (alice, program)] == ["a", "b"]
        assert titles() == ["a", "b"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("ann@example.com", "Ann@Example.COM"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example"),
            ("straße@example.com", "STRAẞE@example.com"),
        ],
    )
    def test_a_guest_is_identified_by_the_canonical_address(self, post, one, other):
        """Spellings of one address share their keys."""
        post("a", email=one)

        refused = post("a", email=other)

        assert refused.json["code"] == "idempotency_key_reused"

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("ann@example.com", "ben@example.com"),
            ("strasse@example.com", "straße@example.com"),
            ("ann@strasse.example", "ann@straße.example"),
        ],
    )
    def test_keys_are_separate_per_guest_address(self, post, one, other):
        """Guests with other addresses can use the same key."""
        assert post("a", email=one).status_code == 201
        assert post("b", email=other).status_code == 201

    def test_keys_are_separate_per_guest_header(self, client):
        """A guest without the secret does not get the response stored for its holder."""

        def read(secret):
            headers = {"Idempotency-Key": KEY, "Letter": secret}
            return client.post("/v1/odd/letters", headers=headers)

        assert read("one").data == read("one").data
        assert read("one").data != read("another").data

    def test_a_refusal_frees_the_key(self, post, titles):
        """After a refusal the key can be used again, even with another body."""
        post("taken", key="another-key-than-the-one")
        assert post("taken").status_code == 409
        assert post("").status_code == 422

        assert post("free").status_code == 201
        assert titles() == ["free", "taken"]

    def test_a_refusal_that_keeps_its_work_frees_the_key(self, post, titles, keys):
        """The work is committed, but the key is deleted."""
        refused = post("one", path="/v1/odd/kept")
        again = post("two", path="/v1/odd/kept")

        assert (refused.json["code"], again.json["code"]) == ("counted", "counted")
        assert titles() == ["one", "two"]
        assert keys() == []

    def test_a_returned_error_frees_the_key(self, post, keys):
        """An error response is not stored, even if the view returns it."""
        assert post("one", path="/v1/odd/returned").status_code == 409
        assert post("two", path="/v1/odd/returned").json["title"] == "two"
        assert keys() == []

    def test_failing_before_the_commit_leaves_nothing(self, post, titles, keys):
        """Key and effect are committed together or not at all."""
        with pytest.raises(SystemExit):
            post(path="/v1/odd/crash")

        assert (titles(), keys()) == ([], [])
        assert post().status_code == 201

    def test_an_expired_key_is_free(self, app, post, titles):
        """After a day the key can be used for another request, and is stored again."""
        post("a")
        with app.app_context():
            yesterday = db.utc_now() - timedelta(days=1, seconds=1)
            work.run(
                lambda: db.session.execute(sa.update(IdempotencyKey).values(expires_at=yesterday))
            )

        taken = post("b")
        again = post("b")

        assert (taken.status_code, taken.data) == (201, again.data)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert titles() == ["a", "b"]

    def test_keeps_a_key_for_a_day(self, post, keys):
        """The row has the time at which it may be deleted."""
        post()

        (row,) = keys()
        assert row.expires_at - row.created_at == timedelta(hours=24)

    def test_unstored_members_are_in_both_responses(self, post, keys):
        """An unstored member is in each response, but not in the database."""
        first = post("a")
        again = post("a")

        (row,) = keys()
        assert first.json["secret"] == again.json["secret"] == "secret of a"
        assert "secret" not in row.response_body
        assert json.loads(row.response_body)["title"] == "a"

    def test_a_response_without_a_body_is_stored(self, post):
        """A 204 response is stored and repeated."""
        first = post(path="/v1/odd/one/things")
        again = post(path="/v1/odd/one/things")

        assert (first.status_code, again.status_code, again.data) == (204, 204, b"")
        assert again.headers["Idempotency-Replayed"] == "true"

    def test_long_routes_fit_the_column(self, post, keys):
        """The scope of a key fits its column for any length of the route."""
        post("a", path="/v1/odd/" + "long/" * 40)

        (row,) = keys()
        assert len(row.scope) <= 160

    def test_the_body_is_read_before_the_key(self, client):
        """Malformed JSON answers 400 with or without a key, and stores no key."""
        headers = {"Idempotency-Key": KEY, "Content-Type": "application/json"}
        refused = client.post("/v1/notes", data=b"{", headers=headers)

        assert (refused.status_code, refused.json["code"]) == (400, "malformed_request")

    def test_concurrent_repeats_have_one_effect(self, app, titles):
        """Eight concurrent copies of a request have one effect and get the same response."""

        def send(_number):
            return app.test_client().post(
                "/v1/notes", json={"title": "a"}, headers={"Idempotency-Key": KEY}
            )

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(send, range(8)))

        assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
        assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7
        assert titles() == ["a"]
