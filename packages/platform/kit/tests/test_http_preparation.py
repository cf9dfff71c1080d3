"""Work of a route before its transaction begins."""

import pytest

from mercato_kit import transactions, work
from mercato_kit.db import session
from mercato_kit.feature import Feature, Offer
from mercato_kit.http import Blueprint, Outdated, always
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, signed_in
from mercato_kit.schemas import Schema, Text

from . import demo
from .tips import Tips

KEY = {"Idempotency-Key": demo.KEY}

blueprint = Blueprint("prepared", __name__)


class ParcelSchema(Schema):
    name = Text(required=True, max=20)


class Calls:
    """What was called, in order, and how often the preparation is found outdated."""

    def __init__(self):
        self.names = []
        self.outdated = 0


CALLS = Calls()


def _weigh(parcel, shelf):
    CALLS.names.append("prepare")
    busy = work.is_writing() or session().in_transaction()
    return f"{current_principal.kind} {shelf} {parcel['name']} {busy}"


def _lift(parcel, shelf):
    return _weigh(parcel, shelf)


@blueprint.post("/parcels/<shelf>", allow=anyone, prepare=_weigh)
@blueprint.arguments(ParcelSchema)
@blueprint.response(200)
def send(parcel, shelf, prepared):
    """Send a parcel"""
    CALLS.names.append("view")
    if CALLS.outdated:
        CALLS.outdated -= 1
        raise Outdated
    return {"prepared": prepared, "may_write": transactions.may_write(), "name": parcel["name"]}


@blueprint.post("/secret-parcels/<shelf>", allow=signed_in, idempotent=True, prepare=_weigh)
@blueprint.arguments(ParcelSchema)
@blueprint.response(200)
def send_secretly(parcel, shelf, prepared):
    """Send a parcel of an account"""
    return {"prepared": prepared}


@blueprint.post("/heavy-parcels/<shelf>", allow=signed_in, prepare=always(_lift))
@blueprint.arguments(ParcelSchema)
@blueprint.response(200)
def send_heavy(parcel, shelf, prepared):
    """Send a parcel that takes long to lift"""
    return {"prepared": prepared}


class Oracle:
    """Gives tips from another machine."""

    def tip(self):
        """Return a tip."""
        return "later"


REMOTE = Feature(name="far", summary="Far away.", offers=[Offer(Tips, "1.0", Oracle, remote=True)])


@pytest.fixture
def calls():
    """The calls of this test."""
    CALLS.names.clear()
    CALLS.outdated = 0
    return CALLS


@pytest.fixture
def near(boot, sqlite_url):
    """A client of an app without remote providers."""
    return boot(sqlite_url, blueprints=[blueprint]).test_client()


@pytest.fixture
def far(boot, sqlite_url):
    """A client of an app with a remote provider."""
    features = [demo.feature, demo.people, REMOTE]
    return boot(sqlite_url, blueprints=[blueprint], features=features).test_client()


def post(client, path="/parcels/top", body=None, **options):
    """Send a parcel."""
    return client.post(path, json={"name": "lamp"} if body is None else body, **options)


class TestPrepare:
    def test_is_left_out_without_remote_providers(self, near, calls):
        """Where nothing asks other machines, the view runs at once and gets None."""
        answer = post(near)

        assert answer.json == {"prepared": None, "may_write": True, "name": "lamp"}
        assert calls.names == ["view"]

    def test_always_runs_if_it_is_marked(self, near, calls):
        """Slow work of this machine runs without remote providers, too, and in no transaction."""
        headers = {"Authorization": "Bearer alice"}

        answer = post(near, "/heavy-parcels/top", headers=headers)

        assert (answer.json["prepared"], calls.names) == ("user top lamp False", ["prepare"])
        assert post(near, "/heavy-parcels/top").status_code == 401
        assert calls.names == ["prepare"]

    def test_runs_before_the_transaction(self, far, calls):
        """It gets the arguments of the view, and the view its value; no transaction is open."""
        answer = post(far)

        assert answer.json["prepared"] == "guest top lamp False"
        assert (answer.json["may_write"], calls.names) == (True, ["prepare", "view"])

    @pytest.mark.parametrize(
        ("path", "body", "headers", "status"),
        [
            ("/parcels/top", {}, {}, 422),
            ("/parcels/top?size=1", {"name": "lamp"}, {}, 422),
            ("/secret-parcels/top", {"name": "lamp"}, KEY, 401),
        ],
    )
    def test_runs_after_the_checks(self, far, calls, path, body, headers, status):
        """What the policy or the schema refuses is not prepared."""
        answer = post(far, path, body, headers=headers)

        assert (answer.status_code, calls.names) == (status, [])

    def test_knows_the_caller(self, far, calls):
        """The caller is authenticated before."""
        headers = KEY | {"Authorization": "Bearer alice"}

        answers = [post(far, "/secret-parcels/top", headers=headers) for _ in range(2)]

        assert {answer.json["prepared"] for answer in answers} == {"user top lamp False"}
        assert answers[1].headers["Idempotency-Replayed"] == "true"

    def test_runs_once_more_if_it_is_outdated(self, far, calls):
        """What does not fit any more when the view runs is prepared anew."""
        calls.outdated = 1

        answer = post(far)

        assert (answer.status_code, calls.names) == (200, ["prepare", "view"] * 2)

    def test_gives_up_if_it_is_outdated_again(self, far, calls):
        """After the second time the client may try again later."""
        calls.outdated = 2

        answer = post(far)

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert calls.names == ["prepare", "view"] * 2
