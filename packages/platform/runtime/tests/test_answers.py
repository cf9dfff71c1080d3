"""Public answers are kept for as long as their max-age says."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier, Event

import pytest
from flask import request

from mercato_kit.errors import NotFound
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_kit.schemas import QuerySchema, Text
from mercato_runtime import answers
from mercato_runtime.answers import Kept
from mercato_runtime.answers.shelves import RedisShelf, Serializer

PUBLIC = "public, max-age=30"
THREADS = 20


@dataclass
class Lamps:
    """What the views read, and how often they were called."""

    price: int = 100
    calls: int = 0
    body: str = "x"
    headers: dict = field(default_factory=lambda: {"Cache-Control": PUBLIC})
    go_on: Event = field(default_factory=Event)


class LampQuery(QuerySchema):
    """The query of a lamp."""

    colour = Text(max=20)


def make_feature(lamps):
    """Return a feature with public routes that read *lamps*."""
    blueprint = Blueprint("lamps", __name__)

    @blueprint.get("/lamps/<int:number>", allow=anyone, public_cache=True)
    @blueprint.arguments(LampQuery, location="query")
    @blueprint.response(200)
    def show(query, number):
        """Return a lamp; number 0 is none"""
        lamps.calls += 1
        if number == 0:
            raise NotFound
        lamp = {"version": lamps.price, "price": lamps.price, "body": lamps.body}
        lamp |= {"address": request.url, **query}
        return lamp, 200, dict(lamps.headers)

    @blueprint.get("/slow", allow=anyone, public_cache=True)
    @blueprint.response(200)
    def wait():
        """Return nothing, when the test says so"""
        lamps.calls += 1
        lamps.go_on.wait(10)
        return {}, 200, dict(lamps.headers)

    @blueprint.get("/lamps", allow=anyone, public_cache=True)
    @blueprint.response(200)
    def show_all():
        """Return the number of calls"""
        lamps.calls += 1
        return {"calls": lamps.calls}

    @blueprint.get("/mine", allow=anyone)
    @blueprint.response(200)
    def show_mine():
        """Return the number of calls, privately"""
        lamps.calls += 1
        return {"calls": lamps.calls}, 200, {"Cache-Control": PUBLIC}

    return Feature(name="lamps", summary="For a test.", blueprints=[blueprint])


@pytest.fixture
def lamps():
    """What the views read."""
    return Lamps()


@pytest.fixture
def client(client_of, lamps):
    """A client of an app that keeps four answers."""
    return client_of(make_feature(lamps), server={"kept_answers": 4})


class TestKept:
    def test_are_given_without_the_view(self, client, lamps):
        """The second request gets the same body and headers, with its age, and calls no view."""
        first, second = client.get("/lamps/1"), client.get("/lamps/1")

        assert lamps.calls == 1
        assert second.data == first.data
        headers = dict(second.headers)
        assert int(headers.pop("Age")) <= 30
        assert headers.pop("X-Request-Id") != first.headers["X-Request-Id"]
        assert headers == {key: it for key, it in first.headers if key != "X-Request-Id"}

    def test_see_a_new_price_in_time(self, client, lamps):
        """A price that changed is seen when max-age has passed."""
        lamps.headers = {"Cache-Control": "public, max-age=1"}
        client.get("/lamps/1")
        lamps.price = 200
        began = time.monotonic()

        while client.get("/lamps/1").json["price"] != 200:
            assert time.monotonic() < began + 2, "the old price is given for too long"
            time.sleep(0.05)

    @pytest.mark.parametrize(
        ("path", "base_url"),
        [
            ("/lamps/2", "http://shop.example"),
            ("/lamps/1?colour=red", "http://shop.example"),
            ("/lamps/1", "http://other.example"),
            ("/lamps/1", "http://shop.example:8080"),
            ("/lamps/1", "https://shop.example"),
            ("/lamps/1", "http://shop.example/shop"),
        ],
    )
    def test_are_of_one_address(self, client, lamps, path, base_url):
        """Another path, query string, host, port, scheme or prefix is another answer."""
        client.get("/lamps/1", base_url="http://shop.example")

        answer = client.get(path, base_url=base_url)

        assert lamps.calls == 2
        assert answer.json["address"] == f"{base_url}{path}"

    def test_are_counted_and_named_each(self, client, lamps):
        """Each request has its request id, and is counted by the metrics."""
        ids = {client.get("/lamps/1").headers["X-Request-Id"] for _ in range(3)}

        counted = (
            'mercato_requests_total{method="GET",route="/lamps/<int:number>",status="200"} 3.0'
        )
        assert (len(ids), lamps.calls) == (3, 1)
        assert counted in client.get("/metrics").text

    def test_are_limited_in_number(self, client, lamps):
        """More answers than the deployment says are not kept."""
        for _ in range(2):
            for number in range(1, 12):
                client.get(f"/lamps/{number}")

        assert lamps.calls > 11


class TestConditions:
    def test_are_answered_with_304(self, client, lamps):
        """A client that has the ETag of a kept answer gets 304 without a body."""
        tag = client.get("/lamps/1").headers["ETag"]

        answer = client.get("/lamps/1", headers={"If-None-Match": tag})

        assert (answer.status_code, answer.data, lamps.calls) == (304, b"", 1)
        assert answer.headers["ETag"] == tag

    def test_of_the_first_request_do_not_prevent_keeping(self, client, lamps):
        """The whole answer is kept also where the first client already has it."""
        first = client.get("/lamps/1", headers={"If-None-Match": '"100"'})
        second = client.get("/lamps/1")

        assert (first.status_code, second.status_code, lamps.calls) == (304, 200, 1)
        assert second.json["price"] == 100

    def test_head_has_the_headers_of_get(self, client, lamps):
        """HEAD is answered from what GET kept, with its length and without its body."""
        before = client.head("/lamps/1")
        got = client.get("/lamps/1")
        head = client.head("/lamps/1")

        assert (before.status_code, head.data, lamps.calls) == (200, b"", 2)
        for name in ("Content-Length", "ETag", "Content-Type"):
            assert head.headers[name] == got.headers[name] == before.headers[name]

    def test_options_is_answered_by_flask(self, client):
        """OPTIONS says what is allowed, also of a kept answer."""
        client.get("/lamps/1")

        assert "GET" in client.options("/lamps/1").headers["Allow"]


class TestNotKept:
    def test_are_answers_to_credentials(self, client, lamps):
        """A request with credentials is checked each time, and its answer is given to no other."""
        client.get("/lamps/1")
        refused = client.get("/lamps/1", headers={"Authorization": "Bearer x"})

        assert refused.status_code == 401
        assert client.get("/lamps/1").status_code == 200

    def test_are_answers_of_private_routes(self, client, lamps):
        """A route without `public_cache` is called each time, whatever its view says."""
        assert [client.get("/mine").json["calls"] for _ in range(2)] == [1, 2]

    @pytest.mark.parametrize("path", ["/lamps/0", "/lamps/1?unknown=1"])
    def test_are_refusals(self, client, lamps, path):
        """Only answers with status 200 are kept."""
        statuses = {client.get(path).status_code for _ in range(2)}

        assert statuses <= {404, 422}
        assert client.get(path).headers.get("Age") is None

    @pytest.mark.parametrize(
        "headers",
        [
            {"Cache-Control": "private, max-age=30"},
            {"Cache-Control": "public"},
            {"Cache-Control": "no-store"},
            {"Cache-Control": PUBLIC, "Vary": "Accept-Language"},
            {"Cache-Control": PUBLIC, "Set-Cookie": "a=b"},
        ],
    )
    def test_is_what_caches_may_not_keep(self, client, lamps, headers):
        """A private answer, one with a cookie, or one that varies by more is made each time."""
        lamps.headers = headers

        for _ in range(2):
            client.get("/lamps/1")

        assert lamps.calls == 2

    def test_is_a_large_body(self, client, lamps):
        """A body of more than 64 KiB is made each time."""
        lamps.body = "x" * answers.LARGEST

        for _ in range(2):
            client.get("/lamps/1")

        assert lamps.calls == 2

    @pytest.mark.parametrize("tables", [{}, {"server": {"kept_answers": 0}}])
    def test_is_anything_by_default_in_tests(self, client_of, lamps, tables):
        """Outside of production nothing is kept unless the deployment says so."""
        client = client_of(make_feature(lamps), **tables)

        for _ in range(2):
            client.get("/lamps/1")

        assert lamps.calls == 2


def ask_at_once(app, path):
    """Return the answers to as many requests as there are threads, sent at the same time."""
    start = Barrier(THREADS)

    def ask(_):
        client = app.test_client()
        start.wait(10)
        return client.get(path)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(ask, range(THREADS)))


class TestHerd:
    def test_calls_the_view_once(self, client, lamps):
        """Of 20 requests for one answer at once, one makes it, and all get it."""
        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(ask_at_once, client.application, "/slow")
            while not lamps.calls:
                time.sleep(0.01)
            lamps.go_on.set()
            got = asked.result()

        assert {answer.status_code for answer in got} == {200}
        assert lamps.calls == 1

    def test_waits_for_no_refusal(self, client, lamps):
        """Where the answer cannot be kept, each request gets its own."""
        got = ask_at_once(client.application, "/lamps/0")

        assert [answer.status_code for answer in got] == [404] * THREADS
        assert lamps.calls == THREADS


class TestRedis:
    def test_that_is_away_fails_no_request(self, client_of, lamps):
        """While Redis does not answer, lists come from their views."""
        away = {"url": "redis://127.0.0.1:1/0"}
        client = client_of(make_feature(lamps), server={"kept_answers": 4}, redis=away)

        lists = [client.get("/lamps").json["calls"] for _ in range(2)]
        for _ in range(2):
            client.get("/lamps/1")

        assert lists == [1, 2]
        # What is kept in the process does not need it.
        assert lamps.calls == 3

    def test_is_not_asked_again_at_once(self, client_of, lamps, caplog):
        """After a failure Redis is left alone for a while, so requests do not wait for it."""
        away = {"url": "redis://127.0.0.1:1/0"}
        app = client_of(make_feature(lamps), redis=away).application
        shelf = RedisShelf(app, away["url"])
        kept = Kept(0.0, [], b"")

        shelf.keep("key", kept, 30)

        assert shelf.get("key") is None
        warnings = [line for line in caplog.records if "Redis does not answer" in line.message]
        assert len(warnings) == 1


class TestSerializer:
    def test_reads_what_it_wrote(self):
        """An answer is read as it was written."""
        kept = Kept(1.5, [("Content-Type", "application/json")], b"\x00{}")

        assert Serializer().loads(Serializer().dumps(kept)) == kept

    @pytest.mark.parametrize("other", [None, b"", b"!\x80\x04.", b"\x93\x01\x02\x03"])
    def test_reads_nothing_else(self, other):
        """What another program wrote is no answer, and is not run."""
        assert Serializer().loads(other) is None
