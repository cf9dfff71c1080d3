"""The app does what Flask does: hooks, signals, sessions and responses."""

import asyncio
import sys
from dataclasses import replace
from functools import partial

import flask
import pytest
from flask import Flask, g, session, signals, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.test import EnvironBuilder, run_wsgi_app

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose
from mercato_kit.feature import Check, Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_runtime.app import App, Response
from mercato_runtime.register import register

blueprint = Blueprint("mirror", __name__)


@blueprint.get("/mirror", allow=anyone)
@blueprint.response(200)
def look():
    """Return nothing"""
    return {}


@blueprint.get("/mirror/broken", allow=anyone)
@blueprint.response(200)
def look_into_a_broken_one():
    """Fail"""
    raise ZeroDivisionError


mirror = Feature(name="mirror", summary="For a test.", blueprints=[blueprint])


@pytest.fixture
def app(client_of):
    """An app with the feature."""
    return client_of(mirror).application


def assert_is_ours(answer):
    """Assert that a response has what the platform adds to every one."""
    assert len(answer.headers["X-Request-Id"]) == 36
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


class TestStartup:
    @pytest.mark.provokes("K202")
    def test_refuses_what_a_feature_finds(self, client_of):
        """K202: a check of its settings that finds something keeps the app from starting."""
        check = Check("mirrors", lambda: "'both' needs two mirrors; there is one")

        with pytest.raises(DeploymentError) as refused:
            client_of(replace(mirror, startup=[check]))

        (fault,) = refused.value.faults
        assert (fault.code, fault.feature) == ("K202", "mirror")
        assert fault.what == "mirrors: 'both' needs two mirrors; there is one"

    def test_starts_if_all_is_well(self, client_of):
        """A check that finds nothing is asked in the app's context."""
        check = Check("mirrors", lambda: None if flask.has_app_context() else "no context")

        assert client_of(replace(mirror, startup=[check])).get("/mirror").status_code == 200


class TestHooks:
    def test_run_in_flasks_order(self, app):
        """Hooks before run as registered, those after in reverse, teardown at the end."""
        ran = []
        for name in ("one", "two"):
            app.before_request(partial(ran.append, f"before {name}"))
            app.after_request(lambda response, name=name: ran.append(f"after {name}") or response)
            app.teardown_request(lambda _, name=name: ran.append(f"teardown {name}"))

        app.test_client().get("/mirror")

        assert ran == [
            "before one",
            "before two",
            "after two",
            "after one",
            "teardown two",
            "teardown one",
        ]

    def test_know_the_request(self, app):
        """A hook of an extension finds the request id, as the platform's own work comes first."""
        seen = []
        app.before_request(lambda: seen.append(g.request_id))

        answer = app.test_client().get("/mirror")

        assert seen == [answer.headers["X-Request-Id"]]

    def test_may_answer(self, app):
        """What a hook returns is the answer, with request id and security headers."""
        app.before_request(lambda: ("closed for stocktaking", 503))

        answer = app.test_client().get("/mirror")

        assert (answer.status_code, answer.text) == (503, "closed for stocktaking")
        assert_is_ours(answer)

    def test_may_replace_the_answer(self, app):
        """What a hook after the request returns is sent, and its own security headers are kept."""
        policy = "default-src 'self'"
        replaced = flask.Response("page", headers={"Content-Security-Policy": policy})
        app.after_request(lambda _: replaced)

        answer = app.test_client().get("/mirror")

        assert (answer.text, answer.headers["Content-Security-Policy"]) == ("page", policy)
        assert_is_ours(answer)

    def test_may_send_one_response_again(self, app):
        """A response that is sent twice has one request id and one of each header, each time."""
        shared = flask.Response("page", headers={"X-Request-Id": "of an extension"})
        app.before_request(lambda: shared)
        client = app.test_client()

        for answer in (client.get("/mirror"), client.get("/mirror")):
            assert_is_ours(answer)
            names = [name for name, _ in answer.headers]
            assert len(names) == len(set(names))

    def test_that_fail_are_answered_with_500(self, app):
        """A hook after the request that raises an error makes a problem with a request id."""

        @app.after_request
        def fail(response):
            raise ZeroDivisionError

        answer = app.test_client().get("/mirror")

        assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
        assert_is_ours(answer)

    def test_of_one_request_run(self, app):
        """`after_this_request` of a hook changes this response only."""

        @app.before_request
        def mark_first():
            if "first" not in marked:
                marked.append("first")
                flask.after_this_request(
                    lambda response: response.headers.set("X-Mark", "1") or response
                )

        marked = []
        client = app.test_client()

        assert client.get("/mirror").headers["X-Mark"] == "1"
        assert "X-Mark" not in client.get("/mirror").headers

    def test_may_be_coroutines(self, app):
        """A coroutine function is given to `async_to_sync`, also behind a partial or a method."""

        class Asking:
            async def ask(self):
                return "asked"

        async def ask():
            return "asked"

        app.async_to_sync = lambda function: lambda: asyncio.run(function())

        for function in (ask, partial(ask), Asking().ask):
            assert app.ensure_sync(function)() == "asked"
        assert app.ensure_sync(len) is len


class TestSignals:
    @pytest.mark.parametrize(
        ("path", "sent"),
        [
            ("/mirror", ["started", "finished", "tearing down"]),
            ("/mirror/broken", ["started", "finished", "tearing down"]),
            ("/nowhere", ["started", "finished", "tearing down"]),
        ],
    )
    def test_are_sent_as_ever(self, app, path, sent):
        """Flask's signals of a request are sent, whatever its response is."""
        seen = []

        def hear(name):
            return lambda *_, **__: seen.append(name)

        receivers = {name: hear(name) for name in ("started", "finished", "tearing down")}
        with (
            signals.request_started.connected_to(receivers["started"], app),
            signals.request_finished.connected_to(receivers["finished"], app),
            signals.request_tearing_down.connected_to(receivers["tearing down"], app),
        ):
            app.test_client().get(path)

        assert seen == sent


class TestSession:
    def test_is_none(self, app):
        """There is no session: it reads as empty, and a change names the way to have one."""
        with app.test_request_context("/mirror"):
            assert dict(session) == {}
            with pytest.raises(RuntimeError, match="SecureCookieSessionInterface"):
                session["cart"] = "1"

    def test_sends_no_cookie(self, app):
        """No answer sets a cookie or varies by one."""
        answer = app.test_client().get("/mirror", headers={"Cookie": "session=x"})

        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.vary

    def test_is_that_of_flask_for_an_extension(self, app):
        """An extension that needs sessions sets the interface, and its cookie is sent."""
        app.session_interface = SecureCookieSessionInterface()
        app.before_request(lambda: session.update(state="x"))

        answer = app.test_client().get("/mirror")

        assert answer.headers["Set-Cookie"].startswith("session=")


class TestResponse:
    @pytest.mark.parametrize(
        ("status", "headers", "method"),
        [
            (200, {}, "GET"),
            (200, {}, "HEAD"),
            (201, {"Location": "/mirror/1"}, "POST"),
            (201, {"Location": "/straße"}, "POST"),
            (201, {"Location": "//Mirror.example:/1"}, "POST"),
            (200, {"Content-Location": "/ü"}, "GET"),
            (204, {"Content-Length": "4"}, "GET"),
            (304, {"Content-Length": "4", "ETag": '"1"'}, "GET"),
            (404, {}, "GET"),
        ],
    )
    @pytest.mark.parametrize("body", [b"body", "bödy", [b"bo", b"dy"], ["bö", "dy"], []])
    def test_is_sent_as_by_flask(self, status, headers, method, body):
        """Status, headers and bytes are those that Flask's own response sends."""
        environ = EnvironBuilder(method=method).get_environ()

        ours, theirs = (
            run_wsgi_app(kind(body, status, headers), dict(environ), buffered=True)
            for kind in (Response, flask.Response)
        )

        assert (b"".join(ours[0]), *ours[1:]) == (b"".join(theirs[0]), *theirs[1:])

    def test_is_closed(self, app):
        """What waits for the end of a response is called."""
        closed = []
        response = Response(b"body")
        response.call_on_close(partial(closed.append, "closed"))

        run_wsgi_app(response, EnvironBuilder().get_environ(), buffered=True)

        assert closed == ["closed"]

    def test_has_a_relative_location(self, app):
        """The Location of a response is sent without scheme and host."""
        app.before_request(lambda: ("", 201, {"Location": "/mirror"}))

        assert app.test_client().get("/mirror").headers["Location"] == "/mirror"


class TestUrls:
    @pytest.mark.parametrize(
        ("base", "path", "url"),
        [
            ("http://shop.example", "/mirror", "http://shop.example/mirror"),
            ("https://SHOP.example:8443", "/mirror", "https://shop.example:8443/mirror"),
            ("http://shop.example/prefix", "/mirror", "http://shop.example/prefix/mirror"),
        ],
    )
    def test_are_built_as_by_flask(self, app, base, path, url):
        """`url_for` knows scheme, host and prefix of the request."""
        with app.test_request_context(path, base_url=base):
            assert url_for("mirror.look", _external=True) == url

    def test_of_a_named_server_are_flasks(self, app):
        """With SERVER_NAME, Flask binds the URL map, so `url_for` works outside of requests."""
        app.config["SERVER_NAME"] = "named.example"

        with app.app_context():
            assert url_for("mirror.look") == "http://named.example/mirror"
        assert app.test_client().get("/mirror").status_code == 200

    def test_of_trusted_hosts_are_flasks(self, app):
        """With TRUSTED_HOSTS, Flask refuses other hosts with 400."""
        app.config["TRUSTED_HOSTS"] = ["shop.example"]
        client = app.test_client()

        assert client.get("/mirror", base_url="http://shop.example").status_code == 200
        assert client.get("/mirror", base_url="http://evil.example").status_code == 400


def make_mirrors(number):
    """Return features with some routes each."""
    for index in range(number):
        routes = Blueprint(f"mirror{index}", __name__, url_prefix=f"/v1/mirrors{index}")
        for endpoint in ("one", "two", "three"):
            routes.get(f"/{endpoint}/<uuid:id>", allow=anyone, endpoint=endpoint)(look)
        yield Feature(name=f"mirror{index}", summary="For a test.", blueprints=[routes])


def count_calls(client, path):
    """Return the number of functions, of Python and C, that answering a request calls."""
    client.get(path)
    calls = []
    sys.setprofile(lambda _frame, event, _argument: calls.append(event))
    try:
        client.get(path)
    finally:
        sys.setprofile(None)
    return sum(event in ("call", "c_call") for event in calls)


class TestManyFeatures:
    def test_cost_a_request_nothing(self, client_of):
        """Beside 100 other features a request does the same work."""
        alone = client_of(mirror)
        beside = client_of(mirror, *make_mirrors(100))

        for path in ("/mirror", "/healthz", "/nowhere"):
            assert count_calls(beside, path) <= 1.01 * count_calls(alone, path)


class TestRegister:
    def test_needs_the_app(self, tmp_path):
        """A host that makes a plain Flask app is refused, and reads what to make instead."""
        values = {"environment": "testing", "database": {"url": f"sqlite:///{tmp_path}/shop.db"}}
        plan = compose(read_deployment(values), [mirror]).require_fit()

        with pytest.raises(TypeError, match=r"mercato_runtime\.app\.App"):
            register(Flask("shop"), plan)

    def test_takes_a_subclass(self, app):
        """An owner's subclass of the app is one."""
        assert isinstance(app, App)
