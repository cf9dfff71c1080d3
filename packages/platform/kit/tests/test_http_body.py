import json
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone

ALICE = {"Authorization": "Bearer alice"}
KEY = {"Idempotency-Key": "a-key-of-the-bodies"}

bodiless = Blueprint("bodiless", __name__, url_prefix="/v1")


@bodiless.post("/bodiless", allow=anyone, idempotent=True)
@bodiless.response(204)
def do_something():
    """Do something without a body"""


@pytest.fixture
def send(paper):
    """A function that sends bytes as alice to a route that takes a note."""

    def send(data, content_type="application/json"):
        headers = ALICE | ({"Content-Type": content_type} if content_type else {})
        return paper.post("/v1/private", data=data, headers=headers)

    return send


@pytest.fixture
def mistakes(send):
    """A function that sends JSON and returns the field errors of the response."""

    def mistakes(value):
        answer = send(json.dumps(value))
        assert (answer.status_code, answer.json["code"]) == (422, "validation_failed")
        return [tuple(error) for error in answer.json["errors"]]

    return mistakes


class TestReadJson:
    def test_accepts_valid_input(self, send):
        """Valid JSON is accepted."""
        assert send(b'{"title": "a"}').status_code == 204

    @pytest.mark.parametrize(
        "content_type",
        ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"],
    )
    def test_accepts_json_media_types(self, send, content_type):
        """Media types with the suffix +json are accepted."""
        assert send(b'{"title": "a"}', content_type).status_code == 204

    def test_reads_over_a_byte_order_mark(self, send):
        """A byte order mark before the JSON changes nothing."""
        assert send(b'\xef\xbb\xbf{"title": "a"}').status_code == 204

    @pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", "x"])
    def test_refuses_a_compressed_body(self, paper, coding):
        """A body with a content coding answers 415, and says that none is accepted."""
        headers = ALICE | {"Content-Encoding": coding}

        answer = paper.post("/v1/private", json={"title": "a"}, headers=headers)

        assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")
        assert answer.json["detail"] == "Send the body without Content-Encoding."
        assert answer.headers["Accept-Encoding"] == "identity"

    @pytest.mark.parametrize("coding", ["identity", "Identity", ""])
    def test_accepts_the_coding_identity(self, paper, coding):
        """The coding ``identity`` means that the body is as it is."""
        headers = ALICE | {"Content-Encoding": coding}

        answer = paper.post("/v1/private", json={"title": "a"}, headers=headers)

        assert answer.status_code == 204

    @pytest.mark.parametrize(
        "data",
        [
            b"{",
            b"{'title': 'a'}",
            b'{"title": "a"} {}',
            b'{"title": "a", "title": "b"}',
            b'{"title": "a", "parts": [{"name": "x", "name": "x"}]}',
            b"[" * 20_000,
            b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
            b'{"title": ' + b"[" * 33 + b"]" * 33 + b"}",
            b'{"title": ' + b"[" * 31 + b"1" + b"]" * 31 + b"}",
            b'{"rank": ' + b"1" * 5_000 + b"}",
            b'{"rank": 1.' + b"1" * 5_000 + b"}",
            b'{"rank": 1e400}',
            b'{"rank": -1e400}',
            b'{"rank": NaN}',
            b'{"rank": Infinity}',
            b"{" + b",".join(b'"%d": 1' % key for key in range(501)) + b"}",
            b'{"title": "\xff"}',
            b'{"title": "\xed\xa0\x80"}',
            b"\xef\xbb\xbf",
            b'\xef\xbb\xbf\xef\xbb\xbf{"title": "a"}',
            '{"title": "a"}'.encode("utf-16"),
            b'{"title": "\x00"}',
            b"\x00",
            b" ",
        ],
        ids=lambda data: repr(data[:24]),
    )
    def test_refuses_invalid_json(self, send, data):
        """JSON that is malformed, too deep or long, not UTF-8 or has duplicate keys is 400."""
        answer = send(data)

        assert (answer.status_code, answer.json["code"]) == (400, "malformed_request")

    def test_accepts_32_levels(self, mistakes):
        """32 levels are parsed and validated by the schema."""
        value = []
        for _ in range(30):
            value = [value]

        assert mistakes({"title": value}) == [("/title", "type")]

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/xml",
            "nonsense",
            None,
        ],
    )
    def test_refuses_another_content_type(self, send, content_type):
        """A body with another content type or none answers 415."""
        answer = send(b'{"title": "a"}', content_type)

        assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")

    @pytest.mark.parametrize("content_type", [None, "application/json"])
    def test_reads_no_body_as_no_members(self, send, content_type):
        """Without a body, required fields are missing."""
        answer = send(b"", content_type)

        assert answer.status_code == 422
        assert answer.json["errors"] == [["/title", "required"]]


class TestReadWhole:
    CUT = (
        {"CONTENT_LENGTH": "50"},
        {"CONTENT_LENGTH": "50", "wsgi.input_terminated": True},
        {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
        {"HTTP_TRANSFER_ENCODING": "Chunked", "wsgi.input_terminated": True},
    )

    @pytest.mark.parametrize("environ", CUT)
    def test_refuses_an_incomplete_body(self, boot, sqlite_url, environ):
        """A body shorter than announced is refused, and its key stays unused."""
        client = boot(sqlite_url, blueprints=[bodiless]).test_client()

        refused = client.post("/v1/bodiless", headers=KEY, environ_overrides=environ)
        repeated = client.post("/v1/bodiless", headers=KEY)

        assert (refused.status_code, refused.json["code"]) == (400, "malformed_request")
        assert repeated.status_code == 204
        assert "Idempotency-Replayed" not in repeated.headers

    def test_accepts_chunked_bodies(self, boot, sqlite_url):
        """A chunked body is accepted."""
        client = boot(sqlite_url, blueprints=[bodiless]).test_client()
        environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}

        answer = client.post(
            "/v1/bodiless",
            data=b"{}",
            content_type="application/json",
            headers=KEY,
            environ_overrides=environ,
        )

        assert answer.status_code == 204


class TestMistakes:
    """Each field error has a pointer (RFC 6901) and a code."""

    @pytest.mark.parametrize("value", [[], [{"title": "a"}], 1, "text", True, None, 1.5])
    def test_a_body_that_is_not_an_object(self, mistakes, value):
        """For JSON that is not an object, the pointer is empty."""
        assert mistakes(value) == [("", "type")]

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ({}, ("/title", "required")),
            ({"title": None}, ("/title", "null")),
            ({"title": 1}, ("/title", "type")),
            ({"title": ""}, ("/title", "min_length")),
            ({"title": "a" * 51}, ("/title", "max_length")),
            ({"title": "a\x00"}, ("/title", "character")),
            ({"title": "a\ud800"}, ("/title", "character")),
            ({"title": "a", "rank": -1}, ("/rank", "min")),
            ({"title": "a", "rank": 101}, ("/rank", "max")),
            ({"title": "a", "rank": "1"}, ("/rank", "type")),
            ({"title": "a", "rank": 10**30}, ("/rank", "max")),
            ({"title": "a", "email": "nobody"}, ("/email", "format")),
            ({"title": "a", "email": 5}, ("/email", "format")),
            ({"title": "a", "unknown": 1}, ("/unknown", "unknown_field")),
            ({"title": "a", "a/b~c": 1}, ("/a~1b~0c", "unknown_field")),
            ({"title": "a", "": 1}, ("/", "unknown_field")),
            ({"title": "a", "\x00": 1}, ("/\x00", "unknown_field")),
            ({"title": "a", "\ud800": 1}, ("/?", "unknown_field")),
            ({"title": "a", "parts": {}}, ("/parts", "type")),
            ({"title": "a", "parts": [1]}, ("/parts/0", "type")),
            ({"title": "a", "parts": [{"name": "x"}, {}]}, ("/parts/1/name", "required")),
            ({"title": "a", "parts": [{"name": "x", "no": 1}]}, ("/parts/0/no", "unknown_field")),
            ({"title": "a", "parts": [{"name": "x", "weight": 0}]}, ("/parts/0/weight", "min")),
            ({"title": "a", "labels": ["ok", "too long"]}, ("/labels/1", "max_length")),
            ({"title": "a", "labels": ["\ud800"]}, ("/labels/0", "character")),
            ({"title": "a", "metadata": []}, ("/metadata", "type")),
            ({"title": "a", "metadata": {"a": 1}}, ("/metadata/a", "type")),
            ({"title": "a", "metadata": {"": "x"}}, ("/metadata/", "min_length")),
            ({"title": "a", "metadata": {"k" * 41: "x"}}, (f"/metadata/{'k' * 41}", "max_length")),
            ({"title": "a", "metadata": {"\x00": "x"}}, ("/metadata/\x00", "character")),
            ({"title": "a", "metadata": {"\udfff": "x"}}, ("/metadata/?", "character")),
            ({"title": "a", "metadata": {"a": "\x00"}}, ("/metadata/a", "character")),
            ({"title": "a", "parts": [{}, 1, {}, {}]}, ("/parts", "max_length")),
            ({"title": "a", "labels": [1] * 20_000}, ("/labels", "max_length")),
            ({"title": "\x00" * 51}, ("/title", "max_length")),
            (
                {"title": "a", "metadata": {str(key): "x" for key in range(51)}},
                ("/metadata", "max_length"),
            ),
        ],
        ids=repr,
    )
    def test_has_a_pointer_and_a_code(self, mistakes, value, expected):
        """The pointer leads to the field, and the code says what is wrong."""
        assert mistakes(value) == [expected]

    def test_all_are_in_one_response(self, mistakes):
        """A response has all field errors."""
        found = mistakes({"rank": "x", "parts": [{}, {"name": ""}], "no": 1})

        assert sorted(found) == [
            ("/no", "unknown_field"),
            ("/parts/0/name", "required"),
            ("/parts/1/name", "min_length"),
            ("/rank", "type"),
            ("/title", "required"),
        ]

    def test_are_at_most_100(self, send):
        """A response has the first 100 errors and the number of the others."""
        body = {"title": "a"} | {f"x{number}": 1 for number in range(300)}

        answer = send(json.dumps(body))

        assert len(answer.json["errors"]) == 100
        assert answer.json["errors_omitted"] == 200

    def test_the_key_and_its_value_may_both_be_wrong(self, mistakes):
        """Errors of the key and the value of an entry have the same pointer."""
        assert mistakes({"title": "a", "metadata": {"": 1}}) == [
            ("/metadata/", "min_length"),
            ("/metadata/", "type"),
        ]


class TestBodyParser:
    """Query strings are validated as strictly as bodies."""

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("limt=1", ["/limt", "unknown_field"]),
            ("limit=0", ["/limit", "min"]),
            ("limit=101", ["/limit", "max"]),
            ("limit=2.9", ["/limit", "type"]),
            ("limit=%201", ["/limit", "type"]),
            ("limit=1_0", ["/limit", "type"]),
            ("limit=+1", ["/limit", "type"]),
            ("limit=%D9%A1", ["/limit", "type"]),
            ("limit=true", ["/limit", "type"]),
            ("limit=", ["/limit", "type"]),
            ("limit=1&limit=2", ["/limit", "repeated"]),
            ("rank=9999999999999999", ["/rank", "max"]),
            ("rank=" + "9" * 4000, ["/rank", "type"]),
            ("sort=nothing", ["/sort", "choice"]),
            ("sort=--rank", ["/sort", "choice"]),
            ("sort=%00", ["/sort", "character"]),
            ("include=everything", ["/include", "choice"]),
            ("ranks=", ["/ranks", "min_length"]),
            ("ranks=1,x", ["/ranks/1", "type"]),
            ("ranks=1,", ["/ranks/1", "type"]),
            ("ranks=1,2,3,4", ["/ranks", "max_length"]),
            ("ranks=" + "x," * 10_000, ["/ranks", "max_length"]),
            ("any_rank=x" + "&any_rank=x" * 10_000, ["/any_rank", "max_length"]),
            ("ranks=1&ranks=x", ["/ranks/1", "type"]),
            ("ranks=1&ranks=", ["/ranks/1", "type"]),
            ("ranks=1,2&ranks=3,4", ["/ranks", "max_length"]),
            ("any_rank=1&any_rank=x", ["/any_rank/1", "type"]),
            ("created_at[gte]=yesterday", ["/created_at[gte]", "format"]),
            ("created_at[gte]=2026-01-01T00:00:00", ["/created_at[gte]", "format"]),
        ],
    )
    def test_refuses(self, paper, query, expected):
        """Unknown, repeated and invalid parameters answer 422 with their names."""
        answer = paper.get(f"/v1/notes?{query}")

        assert (answer.status_code, answer.json["errors"]) == (422, [expected])

    @pytest.mark.parametrize(
        "query",
        [
            "limit=007",
            "ranks=1,2,3",
            "ranks=1&ranks=2&ranks=3",
            "ranks=1,2&ranks=3",
            "any_rank=1&any_rank=2",
            "any_rank=1",
            "created_at[gte]=2026-01-01T00:00:00%2B02:00",
            "created_at%5Bgte%5D=2026-01-01T00:00:00Z",
            "sort=-rank&limit=1&include=total",
        ],
    )
    def test_accepts(self, paper, query):
        """Integers, lists and times are converted from text."""
        assert paper.get(f"/v1/notes?{query}").status_code == 200

    def test_refuses_many_parameters(self, paper):
        """A query with more than 500 names answers 400, without an error for each name."""
        query = "&".join(f"x{number}=" for number in range(501))

        for path in ("/v1/notes", f"/v1/notes/{uuid4()}"):
            refused = paper.get(f"{path}?{query}")

            assert (refused.status_code, refused.json["code"]) == (400, "malformed_request")

    def test_accepts_invalid_utf_8(self, paper):
        """A query string that is not UTF-8 does not cause a server error."""
        assert paper.get("/v1/notes?sort=%ff").status_code == 422


ANY_TEXT = st.text(st.characters(), max_size=20)
# All values that JSON can express, including lone surrogates and huge numbers.
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
MEMBERS = ("title", "rank", "email", "parts", "labels", "metadata", "no")
PARAMETERS = ("limit", "cursor", "sort", "include", "rank", "ranks", "any_rank", "created_at[gte]")
MANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class TestAnyInput:
    """Any input gets a response in the documented format."""

    @MANY
    @given(members=st.dictionaries(st.sampled_from(MEMBERS), ANY_JSON))
    def test_as_members(self, send, members):
        """Members with any values are accepted or refused."""
        assert send(json.dumps(members)).status_code in (204, 422)

    @MANY
    @given(value=ANY_JSON)
    def test_as_body(self, send, value):
        """Bodies with any values are accepted or refused."""
        assert send(json.dumps(value)).status_code in (204, 422)

    @MANY
    @given(data=st.binary(max_size=50))
    def test_as_bytes(self, send, data):
        """Bodies with any bytes are accepted or refused."""
        assert send(data).status_code in (204, 400, 422)

    @MANY
    @given(pairs=st.lists(st.tuples(st.sampled_from(PARAMETERS), ANY_TEXT), max_size=4))
    def test_as_query(self, client, pairs):
        """Parameters with any text are accepted or refused, on both databases."""
        query = urlencode(pairs, errors="surrogatepass")

        assert client.get(f"/v1/notes?{query}").status_code in (200, 400, 422)

    @MANY
    @given(text=ANY_TEXT)
    def test_as_path(self, client, text):
        """Paths with any text answer 404, on both databases."""
        part = quote(text, safe="", errors="surrogatepass")

        assert client.get(f"/v1/notes/by-title/{part}").status_code in (308, 404)
