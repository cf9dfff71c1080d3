"""What surrounds each request."""

import pytest
from flask import request

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone

blueprint = Blueprint("mirror", __name__)


@blueprint.get("/mirror", allow=anyone)
@blueprint.response(200)
def look():
    """Look at yourself"""
    return {"address": request.remote_addr, "secure": request.is_secure, "word": "ünï"}


@blueprint.post("/mirror/back", allow=anyone)
@blueprint.response(204)
def turn_away():
    """Look away"""


feature = Feature(name="mirror", summary="For a test.", blueprints=[blueprint])


def client_of(tmp_path, **server):
    """Return a client of an app with the feature."""
    values = {
        "environment": "testing",
        "database": {"url": f"sqlite:///{tmp_path}/shop.db"},
        "server": server,
    }
    return create_app(read_deployment(values), features=[feature]).test_client()


class TestRequestId:
    def test_is_the_caller_s_where_it_is_sane(self, tmp_path):
        """A request can be followed from one service into the next."""
        answer = client_of(tmp_path).get("/mirror", headers={"X-Request-Id": "trace-1234"})

        assert answer.headers["X-Request-Id"] == "trace-1234"

    @pytest.mark.parametrize("given", ["short", "x" * 129, "with spaces in it", "<script>alert"])
    def test_is_new_where_it_is_not(self, tmp_path, given):
        """Nothing strange gets into logs."""
        answer = client_of(tmp_path).get("/mirror", headers={"X-Request-Id": given})

        assert answer.headers["X-Request-Id"] != given
        assert len(answer.headers["X-Request-Id"]) == 36


class TestHeaders:
    @pytest.mark.parametrize("path", ["/mirror", "/nowhere", "/healthz", "/openapi.json"])
    def test_protect_every_answer(self, tmp_path, path):
        """No answer is sniffed, framed or allowed to load anything."""
        headers = client_of(tmp_path).get(path).headers

        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Strict-Transport-Security" not in headers

    def test_hsts_over_https(self, tmp_path):
        """Browsers that came by TLS keep coming by TLS."""
        answer = client_of(tmp_path).get("/mirror", base_url="https://shop.example")

        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


class TestEmptyAnswers:
    def test_options_says_what_may_be_kept_and_nothing_of_a_body(self, tmp_path):
        """OPTIONS names the methods; there is no page behind it."""
        answer = client_of(tmp_path).options("/mirror")

        assert (answer.status_code, answer.data) == (200, b"")
        assert sorted(answer.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Content-Type" not in answer.headers

    def test_options_nowhere_is_a_problem(self, tmp_path):
        """A refusal has a body, and says of which type."""
        answer = client_of(tmp_path).options("/nowhere")

        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")

    def test_204_has_no_type(self, tmp_path):
        """Where nothing is sent, nothing is described."""
        answer = client_of(tmp_path).post("/mirror/back")

        assert (answer.status_code, answer.data) == (204, b"")
        assert "Content-Type" not in answer.headers


class TestProxies:
    FORWARDED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}  # noqa: RUF012

    def test_are_not_believed_by_default(self, tmp_path):
        """Anybody can write a header."""
        seen = client_of(tmp_path).get("/mirror", headers=self.FORWARDED).json

        assert (seen["address"], seen["secure"]) == ("127.0.0.1", False)

    def test_are_believed_as_far_as_configured(self, tmp_path):
        """Of two addresses the one that our own proxy wrote counts."""
        headers = self.FORWARDED | {"X-Forwarded-For": "10.9.9.9, 198.51.100.7"}

        seen = client_of(tmp_path, trusted_proxies=1).get("/mirror", headers=headers).json

        assert (seen["address"], seen["secure"]) == ("198.51.100.7", True)


class TestJson:
    def test_is_compact_and_readable(self, tmp_path):
        """No spaces, and text as it is written."""
        body = client_of(tmp_path).get("/mirror").data

        assert '"word":"ünï"'.encode() in body
