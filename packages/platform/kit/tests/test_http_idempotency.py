import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit import db
from mercato_kit import work
from mercato_kit.errors import Problem
from mercato_kit.http import Blueprint
from mercato_kit.models import IdempotencyKey
from mercato_kit.policies import anyone
from mercato_kit.schemas import QuerySchema
from mercato_kit.schemas import Schema
from mercato_kit.schemas import Text

from .demo import KEY
from .demo import Note
from .demo import blueprint


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
    """Write, and refuse all the same"""
    db.session.add(Note(**body))
    raise Counted


@odd.post("/returned", allow=anyone, idempotent=True)
@odd.arguments(TitleSchema)
@odd.response(200)
def return_an_error(body):
    """Answer with an error that is returned, not raised"""
    return {"title": body["title"]}, 409


@odd.post("/crash", allow=anyone, idempotent=True)
@odd.arguments(TitleSchema)
@odd.response(204)
def crash(body):
    """Write, and die before the commit"""
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
    """Read what only the holder of a secret may"""
    return {"id": str(db.new_id())}


@odd.post("/" + "long/" * 40, allow=anyone, idempotent=True)
@odd.response(204)
def go_far():
    """Be at a long address"""


@pytest.fixture
def app(boot, database_url):
    """The notes and the odd routes on each database."""
    return boot(database_url, blueprints=(blueprint, odd))


@pytest.fixture
def titles(app):
    """The titles of all notes, sorted."""

    def titles():
        with app.app_context():
            return sorted(db.session.scalars(sa.select(Note.title)))

    return titles


class TestAnswerOnce:
    def test_repeats_the_same_bytes(self, post, titles):
        """The same request again has the same effect, status, headers and bytes."""
        first = post()

        again = post()

        assert first.status_code == again.status_code == 201
        assert first.data == again.data
        for name in ("Location", "ETag", "Content-Type", "Cache-Control"):
            assert first.headers[name] == again.headers[name]
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert titles() == ["a"]

    def test_knows_a_body_by_its_meaning(self, client, post):
        """Space and the order of members make no other request."""
        first = post("a", rank=1)

        again = client.post(
            "/v1/notes",
            data=b'{ "rank": 1,\n "title": "\\u0061" }',
            headers={"Idempotency-Key": KEY, "Content-Type": "application/json"},
        )

        assert first.data == again.data

    def test_refuses_another_body(self, post, titles):
        """The key of another request is refused, and nothing happens."""
        post("a")

        refused = post("b")

        assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
        assert titles() == ["a"]

    def test_refuses_another_path_of_the_route(self, post):
        """The key was used for another thing."""
        first = post(path="/v1/odd/one/things")
        refused = post(path="/v1/odd/two/things")

        assert (first.status_code, refused.status_code) == (204, 422)

    def test_refuses_another_query(self, post):
        """What the query string asks for is part of the request."""
        first = post(path="/v1/odd/one/things?a=1")
        refused = post(path="/v1/odd/one/things?a=2")

        assert (first.status_code, refused.status_code) == (204, 422)

    def test_keys_of_another_route_are_others(self, post):
        """One key may be used once on each route."""
        assert post().status_code == 201
        assert post(path="/v1/odd/one/things").status_code == 204

    def test_keys_belong_to_their_principal(self, post, titles):
        """Two people may choose the same key, and neither sees the other's answer."""
        alice = post("a", person="alice")
        bob = post("b", person="bob")
        guest = post("c")

        assert [answer.json["title"] for answer in (alice, bob, guest)] == ["a", "b", "c"]
        assert titles() == ["a", "b", "c"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("ann@example.com", "Ann@Example.COM"),
            ("ann@example.com", "\N{FULLWIDTH LATIN SMALL LETTER A}nn@example.com"),
            ("strasse@example.com", "STRAßE@example.com"),
        ],
    )
    def test_a_guest_is_known_by_the_canonical_address(self, post, one, other):
        """However one address is written, its keys are the same guest's."""
        post("a", email=one)

        refused = post("a", email=other)

        assert refused.json["code"] == "idempotency_key_reused"

    def test_guests_of_other_addresses_are_others(self, post):
        """Two guests may choose the same key."""
        assert post("a", email="ann@example.com").status_code == 201
        assert post("b", email="ben@example.com").status_code == 201

    def test_guests_are_told_apart_by_a_header(self, client):
        """A guest who has not the secret does not get what was answered to who has it."""

        def read(secret):
            headers = {"Idempotency-Key": KEY, "Letter": secret}
            return client.post("/v1/odd/letters", headers=headers)

        assert read("one").data == read("one").data
        assert read("one").data != read("another").data

    def test_a_refusal_gives_the_key_back(self, post, titles):
        """After a refusal the same key may be used again, with another body too."""
        post("taken", key="another-key-than-the-one")
        assert post("taken").status_code == 409
        assert post("").status_code == 422

        assert post("free").status_code == 201
        assert titles() == ["free", "taken"]

    def test_a_refusal_that_keeps_its_work_gives_the_key_back(self, post, titles, keys):
        """What was written stays, and the key is not in progress for ever."""
        refused = post("one", path="/v1/odd/kept")
        again = post("two", path="/v1/odd/kept")

        assert (refused.json["code"], again.json["code"]) == ("counted", "counted")
        assert titles() == ["one", "two"]
        assert keys() == []

    def test_an_error_that_is_returned_gives_the_key_back(self, post, keys):
        """An error is never stored, however the view says it."""
        assert post("one", path="/v1/odd/returned").status_code == 409
        assert post("two", path="/v1/odd/returned").json["title"] == "two"
        assert keys() == []

    def test_dying_before_the_commit_leaves_nothing(self, post, titles, keys):
        """Key and effect exist together or not at all."""
        with pytest.raises(SystemExit):
            post(path="/v1/odd/crash")

        assert (titles(), keys()) == ([], [])
        assert post().status_code == 201

    def test_an_expired_key_is_free(self, app, post, titles):
        """After a day the key may be used for something else, and is kept anew."""
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
        """The row says when it may be forgotten."""
        post()

        (row,) = keys()
        assert row.expires_at - row.created_at == timedelta(hours=24)

    def test_a_secret_is_in_both_answers_and_never_stored(self, post, keys):
        """What can be computed again is added to each answer after it is stored."""
        first = post("a")
        again = post("a")

        (row,) = keys()
        assert first.json["secret"] == again.json["secret"] == "secret of a"
        assert "secret" not in row.response_body
        assert json.loads(row.response_body)["title"] == "a"

    def test_an_answer_without_a_body_is_repeated(self, post):
        """204 is an answer like any other."""
        first = post(path="/v1/odd/one/things")
        again = post(path="/v1/odd/one/things")

        assert (first.status_code, again.status_code, again.data) == (204, 204, b"")
        assert again.headers["Idempotency-Replayed"] == "true"

    def test_a_long_route_fits(self, post, keys):
        """The scope of a key fits its column, however long the route."""
        post("a", path="/v1/odd/" + "long/" * 40)

        (row,) = keys()
        assert len(row.scope) <= 160

    def test_the_body_is_read_before_the_key(self, client):
        """Malformed JSON is 400 with or without a key, and claims nothing."""
        headers = {"Idempotency-Key": KEY, "Content-Type": "application/json"}
        refused = client.post("/v1/notes", data=b"{", headers=headers)

        assert (refused.status_code, refused.json["code"]) == (400, "malformed_request")

    def test_concurrent_twins_have_one_effect(self, app, titles):
        """Eight of the same request at once: one effect, one answer for all."""

        def send(_number):
            return app.test_client().post(
                "/v1/notes", json={"title": "a"}, headers={"Idempotency-Key": KEY}
            )

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(send, range(8)))

        assert {(answer.status_code, answer.data) for answer in answers} == {(201, answers[0].data)}
        assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 7
        assert titles() == ["a"]
