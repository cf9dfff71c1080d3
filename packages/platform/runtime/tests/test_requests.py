"""The hooks around each request."""

import pytest
from flask import request

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint, read_bytes
from mercato_kit.policies import anyone

blueprint = Blueprint("mirror", __name__)


@blueprint.get("/mirror", allow=anyone)
@blueprint.response(200)
def look():
    """Return what the app knows of the client"""
    return {"address": request.remote_addr, "secure": request.is_secure, "word": "ünï"}


@blueprint.get("/folder/", allow=anyone)
@blueprint.response(200)
def look_into():
    """Return nothing"""
    return {}


@blueprint.post("/mirror/back", allow=anyone)
@blueprint.response(204)
def send_nothing():
    """Return no content"""


LARGEST = 100_000


@blueprint.post("/mirror/bytes", allow=anyone, body_bytes=LARGEST)
@blueprint.response(200)
def count_bytes():
    """Return how many bytes were sent"""
    return {"count": len(read_bytes())}


feature = Feature(name="mirror", summary="For a test.", blueprints=[blueprint])


def client_of(tmp_path, **server):
    """Return a client of an app with the feature."""
    values = {
        "environment": "testing",
        "database": {"url": f"sqlite:///{tmp_path}/shop.db"},
        "server": server,
    }
    return create_app(read_deployment(values), features=[feature]).test_client()


HOSTS = ("shop.example", ".market.example", "192.0.2.7")


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """A client of an app that is served under some names."""
    return client_of(tmp_path_factory.mktemp("shops"), hosts=HOSTS)


@pytest.fixture(scope="module")
def nameless(tmp_path_factory):
    """A client of an app that is served under any name."""
    return client_of(tmp_path_factory.mktemp("anyone"))


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


class TestBodies:
    def test_are_as_large_as_their_route_allows(self, nameless):
        """A route with body_bytes takes that many, and another one 64 KiB."""
        body = b"x" * LARGEST

        taken = nameless.post("/mirror/bytes", data=body)
        too_large = nameless.post("/mirror/bytes", data=body + b"x")
        elsewhere = nameless.post("/mirror/back", data=body)

        assert taken.json == {"count": LARGEST}
        assert (too_large.status_code, elsewhere.status_code) == (413, 413)

    def test_of_bytes_are_documented(self, nameless):
        """The document says that a route takes bytes, and may refuse them for their number."""
        operation = nameless.get("/openapi.json").json["paths"]["/mirror/bytes"]["post"]

        assert operation["requestBody"]["content"] == {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
        }
        assert "413" in operation["responses"]


class TestAddresses:
    @pytest.mark.parametrize("path", ["/v1//products", "/mirror//back", "/folder", "/folder//"])
    def test_are_never_redirected(self, nameless, path):
        """An address that only resembles a route answers 404: a redirect would repeat the Host."""
        answer = nameless.get(path, headers={"Host": "evil.example"})

        assert (answer.status_code, answer.json["code"]) == (404, "not_found")
        assert "Location" not in answer.headers
        assert b"evil" not in answer.data

    @pytest.mark.parametrize("path", ["//metrics", "///readyz", "//mirror", "//folder/"])
    def test_begin_with_one_slash(self, nameless, path):
        """A path that begins with two slashes answers 404: a proxy may block the real one."""
        # The test client reads the word after two slashes as a host.
        answer = nameless.get("/", environ_overrides={"PATH_INFO": path})

        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")

    @pytest.mark.parametrize("path", ["/mirror", "/folder/"])
    def test_of_routes_are_served(self, nameless, path):
        """Each address of a route is served as the route says it."""
        assert nameless.get(path).status_code == 200


class TestHosts:
    @pytest.mark.parametrize(
        "host",
        [
            "shop.example",
            "SHOP.Example:8443",
            "market.example",
            "www.market.example",
            "192.0.2.7:80",
        ],
    )
    def test_of_the_file_are_served(self, shops, host):
        """Names are compared without case and port; a leading dot admits subdomains."""
        assert shops.get("/mirror", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "a.shop.example", "xmarket.example", ""])
    @pytest.mark.parametrize("path", ["/mirror", "/nowhere", "/folder", "/openapi.json"])
    def test_of_others_are_refused(self, shops, host, path):
        """A request for another host answers 421, wherever it goes."""
        answer = shops.get(path, headers={"Host": host})

        assert (answer.status_code, answer.mimetype) == (421, "application/problem+json")
        assert answer.json["code"] == "misdirected_request"
        assert "Location" not in answer.headers

    def test_come_from_a_trusted_proxy(self, tmp_path):
        """The host that a trusted proxy forwards counts."""
        client = client_of(tmp_path, hosts=HOSTS, trusted_proxies=1)
        headers = {"Host": "shop.example", "X-Forwarded-Host": "evil.example"}

        assert client.get("/mirror", headers=headers).status_code == 421

    @pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
    def test_are_not_asked_of_probes(self, shops, path):
        """Probes send the address of a machine, and are answered."""
        assert shops.get(path, headers={"Host": "10.1.2.3:8000"}).status_code != 421

    @pytest.mark.parametrize("host", ["a b", "shop.example,evil.example", "a/b", "x@y", "<a>"])
    def test_must_be_valid(self, nameless, host):
        """A Host header that is none answers 400, also where any host is served."""
        answer = nameless.get("/mirror", headers={"Host": host})

        assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")

    def test_may_be_any_by_default(self, nameless):
        """Without hosts in the file, as in development, every host is served."""
        answer = nameless.get("/mirror", headers={"Host": "anything.example"})

        assert answer.status_code == 200


class TestJson:
    def test_is_compact_and_readable(self, tmp_path):
        """JSON has no spaces, and non-ASCII text is not escaped."""
        body = client_of(tmp_path).get("/mirror").data

        assert '"word":"ünï"'.encode() in body
