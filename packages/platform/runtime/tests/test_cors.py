import pytest

from mercato_host import create_app
from mercato_testing.samples import notes

SHOP, OTHER = "https://shop.example", "https://other.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
}


@pytest.fixture
def client_of(tmp_path):
    """A function that returns a client of an app whose API pages of some origins may call."""

    def make(*origins):
        values = {
            "environment": "testing",
            "database": {"url": f"sqlite:///{tmp_path}/shop.db"},
            "server": {"origins": list(origins)},
        }
        return create_app(values, features=[notes.feature]).test_client()

    return make


def cors_headers(answer):
    """Return the CORS headers of a response."""
    return {name for name, _ in answer.headers if name.startswith("Access-Control-")}


class TestAnswers:
    @pytest.mark.parametrize("path", ["/healthz", "/v1/notes/1", "/v1/notes?stars=1"])
    def test_may_be_read_by_pages_of_a_listed_origin(self, client_of, path):
        """Every response, an error too, names the origin and the headers that pages may read."""
        answer = client_of(OTHER, SHOP).get(path, headers={"Origin": SHOP})

        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        for name in ("ETag", "Location", "Link", "Retry-After", "X-Request-Id"):
            assert name in exposed
        assert "Idempotency-Replayed" in exposed
        assert "Access-Control-Allow-Credentials" not in answer.headers

    def test_may_be_asked_for_with_cookies(self, client_of):
        """Cookies are allowed with the header that such requests need, also by the preflight."""
        client, asked = client_of(SHOP), {"Access-Control-Request-Headers": "mercato-csrf"}
        answers = [
            client.post("/v1/notes", headers={"Origin": SHOP, "Mercato-CSRF": "1"}),
            client.options("/v1/notes", headers={"Origin": SHOP, **PREFLIGHT, **asked}),
            client.post("/v1/notes", headers={"Origin": OTHER, "Mercato-CSRF": "1"}),
        ]

        allowed = [answer.headers.get("Access-Control-Allow-Credentials") for answer in answers]

        assert allowed == ["true", "true", None]

    @pytest.mark.parametrize(
        "origin",
        [
            None,
            "null",
            "",
            "https://shop.example.evil.example",
            "https://evil-shop.example",
            "http://shop.example",
            "https://shop.example:444",
            "https://SHOP.example",
            "https://shop.example, https://evil.example",
        ],
    )
    def test_may_not_be_read_by_others(self, client_of, origin):
        """An origin is compared as a whole; others get no CORS headers, and Vary."""
        headers = {} if origin is None else {"Origin": origin}
        answer = client_of(SHOP).get("/healthz", headers=headers)

        assert (answer.status_code, cors_headers(answer)) == (200, set())
        assert "Origin" in answer.vary

    def test_are_as_without_cors_by_default(self, client_of):
        """Without origins no response has CORS headers or varies by origin."""
        client = client_of()

        for answer in (
            client.get("/healthz", headers={"Origin": SHOP}),
            client.options("/v1/notes", headers={"Origin": SHOP, **PREFLIGHT}),
        ):
            assert cors_headers(answer) == set()
            assert "Origin" not in answer.vary


class TestPreflight:
    def test_allows_the_methods_of_the_route(self, client_of):
        """A preflight request gets the route's methods and the headers it asks for."""
        answer = client_of(SHOP).options("/v1/notes", headers={"Origin": SHOP, **PREFLIGHT})

        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        methods = answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert {"GET", "POST"} <= set(methods)
        assert "DELETE" not in methods
        asked = PREFLIGHT["Access-Control-Request-Headers"]
        assert answer.headers["Access-Control-Allow-Headers"] == asked
        assert answer.headers["Access-Control-Max-Age"] == "600"
        assert {"Origin", "Access-Control-Request-Headers"} <= set(answer.vary)

    def test_allows_nothing_to_other_origins(self, client_of):
        """A page of another origin may not even ask."""
        answer = client_of(SHOP).options("/v1/notes", headers={"Origin": OTHER, **PREFLIGHT})

        assert cors_headers(answer) == set()

    def test_options_alone_is_none(self, client_of):
        """OPTIONS without Access-Control-Request-Method is answered as any other request."""
        answer = client_of(SHOP).options("/v1/notes", headers={"Origin": SHOP})

        assert "Access-Control-Allow-Methods" not in answer.headers
