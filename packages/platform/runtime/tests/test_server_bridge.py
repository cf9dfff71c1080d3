import asyncio
import json
import threading
import weakref
from types import SimpleNamespace

import pytest
from flask import Response, request

from mercato_composition.deployment.model import Server
from mercato_runtime import problems, requests
from mercato_runtime.app import App
from mercato_runtime.server.bridge import Bridge
from mercato_runtime.server.wsgi import call_app, make_environ

from .serving import wait_until


class Headers:
    """The headers of a granian request."""

    def __init__(self, items):
        self._items = items

    def items(self):
        """Return the names and values."""
        return self._items


class Protocol:
    """The connection of a granian request: chunks of a body to read, and the answer."""

    def __init__(self, *chunks, silent=False):
        self.answer = None
        self.answered = threading.Event()
        self.read = 0
        self._chunks = chunks
        self._silent = silent

    async def __aiter__(self):
        for chunk in self._chunks:
            self.read += len(chunk)
            yield chunk
        if self._silent:
            await asyncio.Event().wait()

    def response_bytes(self, status, headers, body):
        """Keep the answer."""
        self.answer = SimpleNamespace(
            status=status, body=body, headers={name.lower(): value for name, value in headers}
        )
        self.answered.set()


def scope(
    method="POST", path="/echo", headers=(), query="", client="127.0.0.1:4711", authority=None
):
    """Return what granian says of a request."""
    return SimpleNamespace(
        proto="http",
        http_version="1.1",
        server="127.0.0.1:5000",
        client=client,
        scheme="http",
        method=method,
        path=path,
        query_string=query,
        authority=authority,
        headers=Headers([("host", "shop"), *headers]),
    )


@pytest.fixture
def app():
    """An app that gives the body back."""
    app = App("echo")
    app.config["MAX_CONTENT_LENGTH"] = 10
    problems.init_app(app, {__name__})
    requests.init_app(app, Server())

    @app.post("/echo")
    def echo():
        return Response(request.get_data())

    app.wsgi_app = fail_before_flask(app.wsgi_app)
    return app


def fail_before_flask(wsgi_app):
    """Return an app that fails outside Flask for one path."""

    def run(environ, start_response):
        if environ["PATH_INFO"] == "/broken":
            raise ConnectionResetError("the database is gone")
        return wsgi_app(environ, start_response)

    return run


def answer(bridge, protocol, **request):
    """Let the bridge answer one request, and return the answer."""
    watcher = SimpleNamespace(scope=scope(**request), proto=protocol, taskref=lambda task: None)

    async def wait_for_answer():
        bridge.receive(asyncio.get_running_loop(), watcher)
        await asyncio.to_thread(protocol.answered.wait, 10)

    asyncio.run(wait_for_answer())
    return protocol.answer


class TestBridge:
    def test_gives_the_app_a_whole_body(self, app):
        """Chunks are joined, with and without an announced length."""
        sized = answer(Bridge(app, 1), Protocol(b"ab", b"cd"), headers=[("content-length", "4")])
        chunked = answer(
            Bridge(app, 1), Protocol(b"ab", b"cd"), headers=[("transfer-encoding", "chunked")]
        )

        assert (sized.status, sized.body) == (200, b"abcd")
        assert (chunked.status, chunked.body) == (200, b"abcd")

    def test_answers_a_late_body_with_408(self, app):
        """A body that is not whole in time is a problem, and ends the connection."""
        bridge = Bridge(app, 1, body_seconds=0.01)

        late = answer(bridge, Protocol(b"ab", silent=True), headers=[("content-length", "4")])

        assert (late.status, json.loads(late.body)["code"]) == (408, "request_timeout")
        assert late.headers["connection"] == "close"
        assert late.headers["content-type"] == "application/problem+json"

    def test_does_not_read_a_body_that_is_announced_as_too_long(self, app):
        """The app refuses it by its header, with 413, and the connection ends."""
        protocol = Protocol(b"x" * 11)

        refused = answer(Bridge(app, 1), protocol, headers=[("content-length", "11")])

        assert (refused.status, protocol.read) == (413, 0)
        assert refused.headers["connection"] == "close"

    def test_reads_little_more_than_the_app_allows(self, app):
        """A body without a length is read until it is too long, and refused with 413."""
        protocol = Protocol(*[b"x" * 4] * 1000)

        refused = answer(Bridge(app, 1), protocol, headers=[("transfer-encoding", "chunked")])

        assert (refused.status, protocol.read) == (413, 12)

    def test_reads_as_much_as_one_endpoint_allows(self, app):
        """The limit of an endpoint above the others' is that of its bodies."""
        requests.body_limits_of(app)["echo"] = 12
        bridge = Bridge(app, 1)

        taken = answer(bridge, Protocol(b"x" * 12), headers=[("transfer-encoding", "chunked")])
        refused = answer(bridge, Protocol(b"x" * 13), headers=[("content-length", "13")])

        assert (taken.status, refused.status) == (200, 413)

    def test_refuses_requests_that_would_wait_too_long(self, app):
        """With all places taken, a request is refused with 503 and Retry-After."""
        refused = answer(Bridge(app, 1, waiting=-1), Protocol())

        assert (refused.status, json.loads(refused.body)["code"]) == (503, "unavailable")
        assert refused.headers["retry-after"] == "1"

    def test_refuses_what_has_waited_too_long(self, app):
        """A request whose client has given up by now is not run."""
        refused = answer(Bridge(app, 1, waiting_seconds=-1), Protocol())

        assert (refused.status, json.loads(refused.body)["code"]) == (503, "unavailable")

    def test_refuses_many_without_the_app(self, app):
        """With many refusals at once, the app is spared, and the answer is a problem as well."""
        bridge = Bridge(app, 1, waiting=-1, refusals=0)

        refused = answer(bridge, Protocol())

        document = json.loads(refused.body)
        assert (refused.status, document["code"]) == (503, "unavailable")
        assert "request_id" not in document
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["connection"] == "close"
        assert refused.headers["content-type"] == "application/problem+json"

    def test_answers_500_where_the_app_raises(self, app, caplog):
        """What is raised outside Flask is logged, and answered with a problem."""
        failed = answer(Bridge(app, 1), Protocol(), path="/broken")

        assert (failed.status, json.loads(failed.body)["code"]) == (500, "internal_error")
        assert "the database is gone" in caplog.text
        assert b"database" not in failed.body

    def test_ends_connections_when_it_closes(self, app):
        """A worker that ends says so in each answer."""
        bridge = Bridge(app, 1)
        before = answer(bridge, Protocol(b"ab"))

        bridge.closing = True
        after = answer(bridge, Protocol(b"ab"))

        assert "connection" not in before.headers
        assert after.headers["connection"] == "close"

    def test_forgets_a_request_that_it_has_answered(self, app, caplog):
        """An error that is kept, as by a log, does not keep the connection of a request open."""
        protocol = Protocol()
        connection = weakref.ref(protocol)

        failed = answer(Bridge(app, 1), protocol, path="/broken")
        del protocol

        assert (failed.status, caplog.records[0].exc_info[0]) == (500, ConnectionResetError)
        wait_until(lambda: connection() is None)

    def test_drops_a_request_that_it_cannot_read(self, app, caplog):
        """What is wrong with one request is logged; granian answers with 500."""
        Bridge(app, 1).receive(None, SimpleNamespace())

        assert "a request was dropped" in caplog.text


class TestCallApp:
    def test_returns_the_whole_answer(self):
        """What is written and what is returned make the body, and the iterable is closed."""
        closed = []

        class Chunks(list):
            def close(self):
                closed.append(True)

        def app(environ, start_response):
            start_response("204 Gone", [])(b"a")
            start_response("200 OK", [("X-Path", environ["PATH_INFO"])], None)
            return Chunks([b"b", b"c"])

        found = call_app(app, {"PATH_INFO": "/"})

        assert found == (200, [("X-Path", "/")], b"abc")
        assert closed == [True]

    def test_closes_what_fails(self):
        """An app is closed as well if its body cannot be made."""
        closed = []

        class Chunks:
            def __iter__(self):
                raise ConnectionResetError

            def close(self):
                closed.append(True)

        with pytest.raises(ConnectionResetError):
            call_app(lambda environ, start_response: Chunks(), {})

        assert closed == [True]


class TestMakeEnviron:
    def test_has_what_pep_3333_asks_for(self):
        """Method, decoded path as latin-1, query, server, client and scheme."""
        environ = make_environ(scope("GET", "/caf\u00e9", query="a=%20"))

        assert environ["REQUEST_METHOD"] == "GET"
        assert environ["PATH_INFO"] == "/caf\u00c3\u00a9"
        assert environ["QUERY_STRING"] == "a=%20"
        assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("127.0.0.1", "5000")
        assert (environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == ("127.0.0.1", "4711")
        assert environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        assert environ["wsgi.url_scheme"] == "http"
        assert environ["HTTP_HOST"] == "shop"

    def test_reads_an_ipv6_address(self):
        """The brackets are not part of the address."""
        environ = make_environ(scope(client="[2001:db8::1]:4711"))

        assert (environ["REMOTE_ADDR"], environ["REMOTE_PORT"]) == ("2001:db8::1", "4711")

    def test_joins_repeated_headers(self):
        """Cookies are joined by a semicolon, other headers by a comma."""
        repeated = [("if-match", '"1"'), ("if-match", '"2"'), ("cookie", "a=1"), ("cookie", "b=2")]

        environ = make_environ(scope(headers=repeated))

        assert environ["HTTP_IF_MATCH"] == '"1","2"'
        assert environ["HTTP_COOKIE"] == "a=1; b=2"

    def test_drops_headers_that_look_like_others(self):
        """A header with an underscore is not taken for one that a proxy sets."""
        forged = [("x_forwarded_for", "1.2.3.4"), ("content_length", "9")]

        environ = make_environ(scope(headers=forged))

        assert "HTTP_X_FORWARDED_FOR" not in environ
        assert "CONTENT_LENGTH" not in environ

    def test_takes_the_host_of_an_absolute_address(self):
        """The host of the request line counts more than the header."""
        environ = make_environ(scope(authority="shop.example"))

        assert environ["HTTP_HOST"] == "shop.example"

    def test_takes_no_script_name_from_a_header(self):
        """The path below which the app is mounted is not for clients to say."""
        environ = make_environ(scope(headers=[("script-name", "/x"), ("http-script-name", "/x")]))

        assert environ["SCRIPT_NAME"] == ""
