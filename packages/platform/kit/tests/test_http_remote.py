"""Remote commands: work under an idempotency key that waits for another machine."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from mercato_kit import db, leases, work
from mercato_kit.errors import Conflict, Problem, Unavailable
from mercato_kit.http import Blueprint, Remote
from mercato_kit.models import IdempotencyKey
from mercato_kit.policies import anyone
from mercato_kit.schemas import ModelSchema, Schema, Text

from . import demo
from .demo import KEY, Note
from .test_http_idempotency_races import lose_connection_at_first_commit


class Declined(Problem):
    """The other machine has declined."""

    status = 402
    code = "declined"
    title = "Declined"
    keeps_answer = True


class NewParcelSchema(Schema):
    title = Text(required=True, max=20)


class ParcelSchema(ModelSchema):
    class Meta(ModelSchema.Meta):
        model = Note
        fields = ("id", "title", "rank", "version")


class Carrier:
    """Another machine: one effect for each reference, and what happens when it is called."""

    def __init__(self):
        self.sent = {}
        self.calls = []
        self.hooks = {}

    def at(self, place):
        """Run what a test wants to happen at a place."""
        if hook := self.hooks.get(place):
            hook()

    def send(self, reference, resumed):
        """Send a parcel once for each reference."""
        self.calls.append((reference, resumed))
        self.at("call")
        self.sent[reference] = self.sent.get(reference, 0) + (reference not in self.sent)
        self.at("after call")
        return "sent"


CARRIER = Carrier()

blueprint = Blueprint("parcels", __name__, url_prefix="/v1")


@blueprint.post("/parcels", allow=anyone, idempotent=True, remote=True, refuses=[Declined])
@blueprint.arguments(NewParcelSchema)
@blueprint.response(201, ParcelSchema)
def send_parcel(body):
    """Send a parcel"""

    def begin():
        note = Note(title=body["title"])
        with db.refuse({db.unique_key(Note, "title"): demo.TitleTaken}):
            db.session.add(note)
        CARRIER.at("begin")
        return (note, 201, {"Location": "/near"}) if body["title"] == "near" else note.id

    def finish(reference, result):
        note = db.session.get_one(Note, reference)
        note.rank += 1
        db.session.flush()
        CARRIER.at("finish")
        return note, 201, {"Location": f"/v1/parcels/{reference}", "Sent": result}

    return Remote(begin, CARRIER.send, finish)


@blueprint.post("/letters", allow=anyone, idempotent=True, remote=True)
@blueprint.arguments(NewParcelSchema)
@blueprint.response(201, ParcelSchema)
def send_letter(body):
    """Send a letter, which waits for nothing"""
    note = Note(title=body["title"])
    db.session.add(note)
    db.session.flush()
    if body["title"] == "declined":
        raise Declined
    return note


@pytest.fixture
def app(boot, database_url):
    """The demo app with remote commands, on each database."""
    return boot(database_url, blueprints=(blueprint,))


@pytest.fixture
def carrier():
    """The other machine of this test."""
    CARRIER.__init__()
    return CARRIER


@pytest.fixture
def rows(app):
    """The titles and ranks of all notes."""

    def rows():
        with app.app_context():
            return sorted(
                tuple(row) for row in db.session.execute(sa.select(Note.title, Note.rank))
            )

    return rows


@pytest.fixture
def end_lease(in_unit):
    """A function that lets the time of the lease on each key pass."""

    def end():
        past = {"leased_until": leases.now(-1)}
        in_unit(lambda: db.session.execute(sa.update(IdempotencyKey).values(past)))

    return end


@pytest.fixture
def send(post):
    """A function that sends a parcel."""

    def send(title="lamp", path="/v1/parcels", **options):
        return post(title, path=path, **options)

    return send


def crash():
    """End the request as a killed process would: nothing after this is done."""
    raise SystemExit


def crash_at(send, carrier, place):
    """Send a parcel, and end the request at a place as a killed process would."""
    carrier.hooks = {place: crash}
    with pytest.raises(SystemExit):
        send()
    carrier.hooks = {}


class TestRemote:
    def test_answers_after_two_transactions(self, send, carrier, rows):
        """The call is made between two transactions, and the answer is that of the second."""
        answer = send()

        assert (answer.status_code, answer.json["rank"]) == (201, 1)
        assert (answer.headers["Sent"], answer.headers["ETag"]) == ("sent", '"2"')
        assert [resumed for _, resumed in carrier.calls] == [False]
        assert rows() == [("lamp", 1)]

    def test_has_no_transaction_during_the_call(self, app, send, carrier):
        """What was begun is committed when the call is made, and no connection is in use."""
        seen = []

        def look():
            seen.append(db.engine().pool.checkedout())
            seen.append(work.run(lambda: db.session.scalars(sa.select(Note.title)).all()))

        carrier.hooks = {"call": look}
        send()

        assert seen == [0, ["lamp"]]

    def test_refuses_a_call_that_leaves_a_transaction_open(self, send, carrier):
        """A call that uses the session outside of a unit of work is a mistake of its feature."""
        carrier.hooks = {"call": lambda: db.session.execute(sa.select(Note.id))}

        with pytest.raises(RuntimeError, match="without a unit of work"):
            send()

    def test_refuses_to_run_in_a_unit_of_work(self, app):
        """Inside of another unit of work nothing could be committed before the call."""
        view = app.view_functions["parcels.send_parcel"]

        with app.test_request_context(), pytest.raises(RuntimeError, match="remote command"):
            work.run(view)

    def test_replays_the_answer(self, send, carrier):
        """A key that was answered is answered again; the other machine is not called."""
        first = send()

        again = send()

        assert (first.data, first.headers["Location"]) == (again.data, again.headers["Location"])
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(carrier.calls) == 1

    def test_stores_a_refusal_that_keeps_its_answer(self, send, carrier, rows):
        """Such a problem of the second transaction commits its work, and is replayed."""

        def decline():
            raise Declined

        carrier.hooks = {"finish": decline}
        first = send()
        carrier.hooks = {}

        again = send()

        assert (first.status_code, first.json) == (again.status_code, again.json)
        assert (first.json["code"], len(carrier.calls)) == ("declined", 1)
        assert again.headers["Idempotency-Replayed"] == "true"
        assert rows() == [("lamp", 1)]

    def test_gives_the_key_of_a_refusal_at_the_beginning_back(self, send, carrier, keys):
        """What the first transaction refuses has no effect, and the key can be used again."""
        send(key=KEY + "1")

        refused = send()

        assert (refused.status_code, refused.json["code"]) == (409, "title_taken")
        assert [row.key for row in keys()] == [KEY + "1"]

    def test_answers_at_once_where_nothing_is_waited_for(self, send, carrier, keys):
        """An answer that begin() returns is that of the key; it was one transaction."""
        first = send("near")

        again = send("near")

        assert (first.status_code, first.headers["Location"], first.json["rank"]) == (
            201,
            "/near",
            0,
        )
        assert (again.data, carrier.calls) == (first.data, [])
        assert [(row.reference, row.lease_id) for row in keys()] == [(None, None)]

    def test_a_view_may_answer_itself(self, send, rows):
        """A view that returns no command is processed in one transaction, as without remote."""
        first, again = (send(path="/v1/letters") for _ in range(2))

        assert (first.status_code, again.data) == (201, first.data)
        assert rows() == [("lamp", 0)]

    def test_a_view_may_refuse_with_an_answer(self, send, rows):
        """A problem with keeps_answer is stored in one transaction, too, with the work."""
        first, again = (send("declined", path="/v1/letters") for _ in range(2))

        assert (first.status_code, again.status_code, again.json) == (402, 402, first.json)
        assert rows() == [("declined", 0)]

    def test_is_documented(self, app):
        """The API document says what a key answers while another machine is waited for."""
        documented = vars(app.view_functions["parcels.send_parcel"])["_apidoc"]["arguments"]

        (header,) = [it for it in documented["parameters"] if it.get("name") == "Idempotency-Key"]
        assert "idempotency_in_progress" in header["description"]

    def test_needs_idempotency(self):
        """A remote route without an Idempotency-Key is refused when it is declared."""
        with pytest.raises(ValueError, match="remote needs idempotent"):
            blueprint.post("/x", allow=anyone, remote=True)


class TestResume:
    @pytest.mark.parametrize("place", ["call", "after call", "finish"])
    def test_a_crash_is_resumed_after_the_lease(self, send, carrier, rows, end_lease, place):
        """The next request with the key goes on with the same reference, with one effect."""
        crash_at(send, carrier, place)
        early = send()
        end_lease()

        late = send()

        assert (early.status_code, early.json["code"]) == (409, "idempotency_in_progress")
        assert (late.status_code, late.json["rank"]) == (201, 1)
        (first, begun), (second, resumed) = carrier.calls
        assert (first, begun, resumed) == (second, False, True)
        assert set(carrier.sent.values()) == {1}
        assert rows() == [("lamp", 1)]

    def test_a_crash_in_the_first_transaction_has_no_effect(self, send, carrier, rows):
        """Nothing was begun, so the next request begins, without waiting for a lease."""
        crash_at(send, carrier, "begin")

        answer = send()

        assert (answer.status_code, rows()) == (201, [("lamp", 1)])
        assert [resumed for _, resumed in carrier.calls] == [False]

    @pytest.mark.parametrize("refusal", [Unavailable, Conflict, ValueError])
    @pytest.mark.parametrize("place", ["call", "finish"])
    def test_an_error_can_be_resumed_at_once(self, app, send, carrier, rows, place, refusal):
        """After an error the key stays with what was begun, and its lease is given back."""
        app.testing = False

        def fail():
            raise refusal

        carrier.hooks = {place: fail}
        failed = send()
        carrier.hooks = {}

        answer = send()

        assert failed.status_code == getattr(refusal, "status", 500)
        assert (answer.status_code, answer.json["rank"]) == (201, 1)
        assert len({reference for reference, _ in carrier.calls}) == 1
        assert rows() == [("lamp", 1)]

    def test_refuses_another_body(self, send, carrier):
        """Another request with the key of a command that was begun is refused."""
        crash_at(send, carrier, "call")

        refused = send("chair")

        assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")

    def test_a_late_request_replays(self, send, carrier, rows, end_lease):
        """A request that outlives its lease does not finish what another one has finished."""
        answers = []

        def overtake():
            carrier.hooks = {}
            end_lease()
            answers.append(send())

        carrier.hooks = {"after call": overtake}
        late = send()

        (first,) = answers
        assert (first.status_code, late.data) == (201, first.data)
        assert late.headers["Idempotency-Replayed"] == "true"
        assert set(carrier.sent.values()) == {1}
        assert rows() == [("lamp", 1)]

    def test_one_of_many_resumes(self, app, send, carrier, rows, end_lease):
        """Of 12 requests after a crash one resumes, and the effect happens once."""
        crash_at(send, carrier, "after call")
        end_lease()

        statuses = at_once(app)

        assert set(statuses) <= {201, 409}
        assert (statuses.count(201) > 0, len(carrier.calls)) == (True, 2)
        assert rows() == [("lamp", 1)]


class TestLostConnection:
    @pytest.mark.parametrize("committed", [True, False])
    def test_is_repeated(self, boot, empty_postgresql_url, carrier, committed):
        """A request whose connection is lost at its first COMMIT goes on, with one effect."""
        app = boot(empty_postgresql_url, blueprints=(blueprint,))
        lose_connection_at_first_commit(app, committed=committed)

        answer = app.test_client().post(
            "/v1/parcels", json={"title": "lamp"}, headers={"Idempotency-Key": KEY}
        )

        assert (answer.status_code, answer.json["rank"]) == (201, 1)
        assert [resumed for _, resumed in carrier.calls] == [committed]


class TestConcurrency:
    def test_one_of_many_begins(self, app, carrier, rows):
        """Of 12 identical requests one begins; the others are refused until it has answered."""
        waiting = threading.Semaphore(0)
        carrier.hooks = {"call": lambda: waiting.acquire(timeout=20)}
        refused = []

        def count(status):
            refused.append(status)
            if len(refused) == 11:
                waiting.release()

        statuses = at_once(app, count)

        assert sorted(statuses) == [201] + [409] * 11
        assert (len(carrier.calls), rows()) == (1, [("lamp", 1)])


def at_once(app, done=lambda status: None):
    """Send 12 identical requests at once, and return their statuses."""

    def send(_number):
        answer = app.test_client().post(
            "/v1/parcels", json={"title": "lamp"}, headers={"Idempotency-Key": KEY}
        )
        done(answer.status_code)
        return answer.status_code

    with ThreadPoolExecutor(12) as threads:
        return list(threads.map(send, range(12)))


class TestLease:
    def test_is_renewed_while_the_call_runs(self, boot, sqlite_url, carrier, eventually):
        """A call that takes longer than the lease keeps the key."""
        app = boot(sqlite_url, blueprints=(blueprint,))
        row = sa.update(IdempotencyKey)

        def left():
            return work.run(
                lambda: db.session.scalars(sa.select(IdempotencyKey.leased_until)).one()
            )

        def wait():
            work.run(lambda: db.session.execute(row.values(leased_until=leases.now(-1))))
            eventually(lambda: left() > db.utc_now())

        carrier.hooks = {"call": wait}
        answer = app.test_client().post(
            "/v1/parcels", json={"title": "lamp"}, headers={"Idempotency-Key": KEY}
        )

        assert answer.status_code == 201
