"""The hooks around each request."""

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
    """Return what the app knows of the client"""
    return {"address": request.remote_addr, "secure": request.is_secure, "word": "ünï"}


@blueprint.post("/mirror/back", allow=anyone)
@blueprint.response(204)
def send_nothing():
    """Return no content"""


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
    def test_is_that_of_the_client_if_valid(self, tmp_path):
        """A valid X-Request-Id of the client is kept."""
        answer = client_of(tmp_path).get("/mirror", headers={"X-Request-Id": "trace-1234"})

        assert answer.headers["X-Request-Id"] == "trace-1234"

    @pytest.mark.parametrize("given", ["short", "x" * 129, "with spaces in it", "<script>alert"])
    def test_is_new_if_invalid(self, tmp_path, given):
        """An invalid X-Request-Id is replaced."""
        answer = client_of(tmp_path).get("/mirror", headers={"X-Request-Id": given})

        assert answer.headers["X-Request-Id"] != given
        assert len(answer.headers["X-Request-Id"]) == 36


class TestHeaders:
    @pytest.mark.parametrize("path", ["/mirror", "/nowhere", "/healthz", "/openapi.json"])
    def test_protect_every_answer(self, tmp_path, path):
        """Every response has the security headers."""
        headers = client_of(tmp_path).get(path).headers

        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Strict-Transport-Security" not in headers

    def test_hsts_over_https(self, tmp_path):
        """A response over TLS has Strict-Transport-Security."""
        answer = client_of(tmp_path).get("/mirror", base_url="https://shop.example")

        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


class TestEmptyAnswers:
    def test_options_has_no_content_type(self, tmp_path):
        """OPTIONS has Allow and Cache-Control, but no Content-Type."""
        answer = client_of(tmp_path).options("/mirror")

        assert (answer.status_code, answer.data) == (200, b"")
        assert sorted(answer.headers["Allow"].split(", ")) == ["GET", "HEAD", "OPTIONS"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "Content-Type" not in answer.headers

    def test_options_nowhere_is_a_problem(self, tmp_path):
        """OPTIONS on an unknown URL answers with a problem document."""
        answer = client_of(tmp_path).options("/nowhere")

        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")

    def test_204_has_no_content_type(self, tmp_path):
        """A 204 has no Content-Type."""
        answer = client_of(tmp_path).post("/mirror/back")

        assert (answer.status_code, answer.data) == (204, b"")
        assert "Content-Type" not in answer.headers


class TestProxies:
    FORWARDED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}  # noqa: RUF012

    def test_are_not_trusted_by_default(self, tmp_path):
        """Without trusted_proxies, X-Forwarded-For is ignored."""
        seen = client_of(tmp_path).get("/mirror", headers=self.FORWARDED).json

        assert (seen["address"], seen["secure"]) == ("127.0.0.1", False)

    def test_are_trusted_up_to_the_configured_number(self, tmp_path):
        """Of two addresses the one that the trusted proxy added counts."""
        headers = self.FORWARDED | {"X-Forwarded-For": "10.9.9.9, 198.51.100.7"}

        seen = client_of(tmp_path, trusted_proxies=1).get("/mirror", headers=headers).json

        assert (seen["address"], seen["secure"]) == ("198.51.100.7", True)


class TestJson:
    def test_is_compact_and_readable(self, tmp_path):
        """JSON has no spaces, and non-ASCII text is not escaped."""
        body = client_of(tmp_path).get("/mirror").data

        assert '"word":"ünï"'.encode() in body
