import io
import json
import logging
import sys
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit.errors import Forbidden, NotFound, TooManyRequests, Unauthenticated
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone, permission
from mercato_kit.reads import Read
from mercato_runtime import logs, measures
from mercato_testing.samples import notes

feature = notes.feature


@pytest.fixture
def lines(caplog):
    """A function that returns the facts of the lines of requests, oldest first."""
    caplog.set_level("INFO", logger="mercato.requests")
    return lambda: [
        vars(line)["facts"] for line in caplog.records if line.name == "mercato.requests"
    ]


@contextmanager
def bare_logging():
    """The process's logging as a program finds it at its start; restored at the end."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    try:
        yield root
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name in ("mercato.security", "alembic"):
            logging.getLogger(name).setLevel(logging.NOTSET)


def deployed(environment="testing", level="INFO"):
    """Return a deployment that logs at *level*."""
    values = {
        "environment": environment,
        "logging": {"level": level},
        "server": {"trusted_proxies": 0},
        "secret_key": "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3",
    }
    if environment == "production":
        key = values.pop("secret_key")
        return read_deployment(values, {"MERCATO_SECRET_KEY": key})
    return read_deployment(values)


class TestRequestLine:
    def test_says_what_was_asked_and_what_it_took(self, charlie, commit, lines):
        """A line has request id, method, rule, status, time, statements and the caller's id."""
        note_id = commit(lambda: notes.add("one").id)

        answer = charlie.get(f"/v1/notes/{note_id}", headers={"X-Request-Id": "trace-1234"})

        assert answer.status_code == 200
        line = lines()[-1]
        assert 0 < line.pop("ms") < 60_000
        assert line == {
            "request_id": "trace-1234",
            "method": "GET",
            "route": "/v1/notes/<uuid:note_id>",
            "status": 200,
            "statements": 1,
            "principal_id": charlie.sub,
        }

    def test_counts_reads_of_views(self, app):
        """A read of a view is a statement like any other."""
        with app.test_request_context("/v1/notes"):
            app.preprocess_request()
            before = measures.current().statements

            Read(sa.select(sa.literal(1))).rows()

            assert measures.current().statements == before + 1

    def test_names_the_caller_that_was_authenticated(self, as_user, lines):
        """The id of the caller is known after its token was checked; nothing else is logged."""
        charlie = as_user(permissions=["notes.write"], email="charlie@example.com")
        charlie.post("/v1/notes", json={"text": "hello"})

        line = lines()[-1]
        assert (line["status"], line["principal_id"]) == (201, charlie.sub)
        assert line["statements"] >= 2
        assert "charlie" not in str(line)

    @pytest.mark.parametrize(
        ("method", "path", "logged"),
        [
            ("GET", "/v1/nowhere/secret?token=secret", ("GET", "none", 404)),
            ("GET", "/v1/notes?secret=secret", ("GET", "/v1/notes", 422)),
            ("SECRET", "/v1/notes", ("other", "none", 405)),
            ("DELETE", "/v1/notes", ("DELETE", "none", 405)),
        ],
    )
    def test_has_nothing_that_a_client_chose(self, client, lines, method, path, logged):
        """Neither path, query string, headers nor the name of a method are logged."""
        client.open(path, method=method, headers={"User-Agent": "secret", "Cookie": "secret"})

        line = lines()[-1]
        assert (line["method"], line["route"], line["status"]) == logged
        assert "secret" not in str(line).lower()


class TestRequestId:
    def test_is_in_every_line_of_a_request(self, tmp_path):
        """Lines of any logger, written during a request, have its id."""
        blueprint = Blueprint("talk", __name__)

        @blueprint.get("/talk", allow=anyone)
        @blueprint.response(204)
        def talk():
            """Talk"""
            logging.getLogger("vendor.client").warning("something happened")

        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/shop.db"},
        }
        talking = Feature(name="talk", summary="For a test.", blueprints=[blueprint])
        with bare_logging() as root:
            app = create_app(values, features=[talking])
            root.handlers[0].setFormatter(logs.Formatter(as_json=True))
            root.handlers[0].setStream(written := io.StringIO())
            app.test_client().get("/talk", headers={"X-Request-Id": "trace-1234"})

        found = [json.loads(line) for line in written.getvalue().splitlines()]
        assert [(line["event"], line["request_id"]) for line in found] == [
            ("something happened", "trace-1234"),
            ("request", "trace-1234"),
        ]


class TestConfigure:
    @pytest.mark.parametrize(
        ("environment", "start"), [("production", '{"event": "hello"'), ("testing", "20")]
    )
    def test_writes_json_in_production(self, environment, start):
        """Production logs JSON, other environments text; both to standard error."""
        with bare_logging() as root:
            logs.configure(deployed(environment))
            assert root.handlers[0].setStream(written := io.StringIO()) is sys.stderr
            logging.getLogger("vendor.client").warning("hello")

        assert written.getvalue().startswith(start)

    def test_keeps_the_security_log_at_every_level(self):
        """With level = "ERROR" the security log is complete, and requests are not logged."""
        with bare_logging() as root:
            logs.configure(deployed(level="ERROR"))
            root.handlers[0].setStream(written := io.StringIO())
            logging.getLogger("mercato.requests").info("request")
            logging.getLogger("mercato.security").info("price_changed")

        assert "price_changed" in written.getvalue()
        assert "request" not in written.getvalue()

    def test_leaves_logging_that_is_set_up(self):
        """A program that has set logging up, such as an owner's host, keeps it."""
        with bare_logging() as root:
            root.addHandler(own := logging.NullHandler())
            logs.configure(deployed())
            handlers = root.handlers[:]

        assert handlers == [own]


_ERRORS = {
    "forbidden": Forbidden(),
    "absent": NotFound(),
    "foreign": NotFound(facts={"note_id": 7}),
    "unknown": Unauthenticated(),
    "bad-token": Unauthenticated(invalid_token=True),
    "often": TooManyRequests(retry_after_seconds=1),
}

doors = Blueprint("doors", __name__)


@doors.get("/doors/<kind>", allow=anyone)
@doors.response(204)
def open_door(kind):
    """Open a door"""
    raise _ERRORS[kind]


@doors.get("/vault", allow=permission("doors.open"))
@doors.response(204)
def open_vault():
    """Open the vault"""


class TestRefusals:
    @pytest.fixture
    def guest(self, tmp_path):
        """A client of an app that refuses."""
        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/shop.db"},
            "server": {"requests_per_minute": 3},
        }
        feature = Feature(
            name="doors",
            summary="For a test.",
            blueprints=[doors],
            permissions={"doors.open": "open doors"},
        )
        return create_app(values, features=[feature]).test_client()

    @pytest.mark.parametrize(
        ("kind", "event"),
        [
            ("forbidden", "access_refused"),
            ("foreign", "access_refused"),
            ("bad-token", "authentication_refused"),
            ("often", "throttled"),
        ],
    )
    def test_are_logged(self, guest, security_log, kind, event):
        """Missing permissions, what belongs to others, bad tokens and limits: one line each."""
        answer = guest.get(f"/doors/{kind}", environ_base={"REMOTE_ADDR": "192.0.2.7"})

        [line] = security_log()
        assert line["event"] == event
        assert (line["route"], line["status"]) == ("/doors/<kind>", answer.status_code)
        assert (line["address"], line["principal_id"]) == ("192.0.2.7", None)
        assert line["request_id"] == answer.headers["X-Request-Id"]

    def test_facts_are_for_the_log_alone(self, guest, security_log):
        """What a problem says to the log is not sent to the client."""
        foreign, absent = guest.get("/doors/foreign"), guest.get("/doors/absent")

        assert security_log()[0]["note_id"] == 7
        own = {"instance", "request_id"}
        assert foreign.json.keys() == absent.json.keys()
        assert {k: v for k, v in foreign.json.items() if k not in own} == {
            k: v for k, v in absent.json.items() if k not in own
        }

    @pytest.mark.parametrize("path", ["/doors/unknown", "/doors/absent", "/nowhere", "/vault"])
    def test_a_stranger_is_no_attacker(self, guest, security_log, path):
        """A guest without credentials and an address that does not exist are not logged."""
        guest.get(path)

        assert security_log() == []

    def test_credentials_that_nobody_checks_are_logged(self, guest, security_log):
        """A token where no feature can check it is refused, and logged."""
        assert guest.get("/vault", headers={"Authorization": "Bearer x"}).status_code == 401

        assert [line["event"] for line in security_log()] == ["authentication_refused"]

    def test_the_limiter_is_logged(self, guest, security_log):
        """A request that the limit of the address refuses is logged with the address."""
        statuses = [guest.get("/doors/absent").status_code for _ in range(4)]

        assert statuses == [404, 404, 404, 429]
        assert [(line["event"], line["address"]) for line in security_log()] == [
            ("throttled", "127.0.0.1")
        ]
