"""What trusted proxies say, as routes and limits see it."""

import pytest
from flask import request, url_for

from mercato_composition.deployment.reader import read_deployment
from mercato_host import create_app
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint, ListQuerySchema, Page, page_of
from mercato_kit.policies import anyone
from mercato_kit.schemas import Schema, Text

blueprint = Blueprint("mirror", __name__)


class PieceSchema(Schema):
    """A piece of the mirror."""

    name = Text(max=10)


@blueprint.get("/mirror", allow=anyone)
@blueprint.response(200)
def look():
    """Return what the app knows of the client"""
    return {"address": request.remote_addr, "secure": request.is_secure}


@blueprint.post("/mirror", allow=anyone)
@blueprint.response(201)
def make():
    """Return the address of the mirror"""
    return {}, 201, {"Location": url_for(".look")}


@blueprint.get("/pieces", allow=anyone)
@blueprint.arguments(ListQuerySchema, location="query")
@blueprint.response(200, page_of(PieceSchema))
def list_pieces(query):
    """Return a page with another one behind it"""
    return Page(data=[], has_more=True, next_cursor="x")


feature = Feature(name="mirror", summary="For a test.", blueprints=[blueprint])


@pytest.fixture(scope="module")
def make_client(tmp_path_factory):
    """A function that returns a client of an app with the feature."""

    def make(**server):
        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path_factory.mktemp('shop')}/shop.db"},
            "server": server,
        }
        return create_app(read_deployment(values), features=[feature]).test_client()

    return make


@pytest.fixture(scope="module")
def behind(make_client):
    """A client of an app behind one proxy."""
    return make_client(trusted_proxies=1)


@pytest.fixture(scope="module")
def direct(make_client):
    """A client of an app without a proxy."""
    return make_client()


class TestTrust:
    def test_is_off_by_default(self, direct):
        """Without trusted_proxies, X-Forwarded-* is ignored."""
        headers = {
            "X-Forwarded-For": "198.51.100.7",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Prefix": "/shop",
        }

        seen = direct.get("/mirror", headers=headers).json

        assert (seen["address"], seen["secure"]) == ("127.0.0.1", False)
        assert direct.post("/mirror", headers=headers).headers["Location"] == "/mirror"

    def test_is_limited_to_the_configured_number(self, behind):
        """Of two addresses the one that the trusted proxy added counts."""
        headers = {"X-Forwarded-For": "10.9.9.9, 198.51.100.7", "X-Forwarded-Proto": "https"}

        seen = behind.get("/mirror", headers=headers).json

        assert (seen["address"], seen["secure"]) == ("198.51.100.7", True)


class TestAddress:
    @pytest.mark.parametrize(
        ("forwarded", "address"),
        [
            ("198.51.100.7:5", "198.51.100.7"),
            ("10.9.9.9:1, 198.51.100.7:5", "198.51.100.7"),
            ("[2001:db8::1]:5", "2001:db8::1"),
            ('"[2001:DB8::1]:5"', "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
        ],
    )
    def test_is_clean(self, behind, forwarded, address):
        """Routes see an address without port, brackets, zone or mapping."""
        seen = behind.get("/mirror", headers={"X-Forwarded-For": forwarded}).json

        assert seen["address"] == address

    @pytest.mark.parametrize(
        ("number", "forwarded"),
        [
            (1, '9.9.9.9%", 198.51.100.7'),
            (1, '"9.9.9.9, 198.51.100.7'),
            (2, '9.9.9.9, ", 198.51.100.7, 192.0.2.1'),
        ],
    )
    def test_is_not_hidden_by_quotes(self, make_client, number, forwarded):
        """A quote in what a client sends does not swallow what proxies append."""
        client = make_client(trusted_proxies=number)

        seen = client.get("/mirror", headers={"X-Forwarded-For": forwarded}).json

        assert seen["address"] == "198.51.100.7"

    @pytest.mark.parametrize("forwarded", ["unknown", "198.51.100.7, _hidden", "a b", "::g", ","])
    def test_is_that_of_the_proxy_without_another(self, behind, forwarded):
        """Where the proxy names no address, its own counts."""
        seen = behind.get("/mirror", headers={"X-Forwarded-For": forwarded}).json

        assert seen["address"] == "127.0.0.1"

    @pytest.mark.parametrize(
        ("given", "address"), [("::ffff:192.0.2.7", "192.0.2.7"), ("fe80::1%eth0", "fe80::1")]
    )
    def test_of_a_connection_is_clean(self, direct, given, address):
        """The address of the connection itself has one spelling as well."""
        seen = direct.get("/mirror", environ_overrides={"REMOTE_ADDR": given}).json

        assert seen["address"] == address

    @pytest.mark.parametrize(
        "addresses",
        [
            ("198.51.100.7:1", "198.51.100.7:2", "::ffff:198.51.100.7"),
            ("[2001:db8::1]:1", "2001:db8::2", "2001:db8:0:0:ffff::"),
        ],
    )
    def test_is_limited_as_one_client(self, make_client, addresses):
        """All spellings of an address, and all addresses of a /64, share one limit."""
        client = make_client(trusted_proxies=1, requests_per_minute=2)

        statuses = [
            client.get("/mirror", headers={"X-Forwarded-For": address}).status_code
            for address in (*addresses, "203.0.113.9:1")
        ]

        assert statuses == [200, 200, 429, 200]


class TestPrefix:
    @pytest.mark.parametrize("prefix", ["/shop", "/shop/", "/a/b-c.d_e~f"])
    def test_stands_in_every_address(self, behind, prefix):
        """Location, Link, problems and the API document have the prefix."""
        headers = {"X-Forwarded-Prefix": prefix}
        root = prefix.rstrip("/")

        made = behind.post("/mirror", headers=headers)
        page = behind.get("/pieces?limit=1", headers=headers)
        problem = behind.get("/nowhere", headers=headers).json
        document = behind.get("/openapi.json", headers=headers).json

        assert made.headers["Location"] == f"{root}/mirror"
        assert page.headers["Link"] == f'<{root}/pieces?limit=1&cursor=x>; rel="next"'
        assert (problem["type"], problem["instance"]) == (
            f"{root}/problems/not_found",
            f"{root}/nowhere",
        )
        assert document["servers"] == [{"url": root}]

    def test_changes_nothing_else(self, behind):
        """The API document has the same paths under each prefix, and its own ETag."""
        plain = behind.get("/openapi.json")
        prefixed = behind.get("/openapi.json", headers={"X-Forwarded-Prefix": "/shop"})

        assert plain.json | {"servers": [{"url": "/shop"}]} == prefixed.json
        assert plain.headers["ETag"] != prefixed.headers["ETag"]

    @pytest.mark.parametrize(
        "prefix", ["//evil.example", "https://evil.example", "/..", "/a/../b", "shop", "/a b", "/<"]
    )
    def test_is_ignored_if_it_is_no_path(self, behind, prefix):
        """Anything but a plain path is ignored."""
        made = behind.post("/mirror", headers={"X-Forwarded-Prefix": prefix})

        assert made.headers["Location"] == "/mirror"
