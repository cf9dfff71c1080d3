from uuid import uuid4

import pytest

KEY = {"Idempotency-Key": "a-key-of-the-etags"}


@pytest.fixture
def note(client):
    """The response to the creation of a note."""
    return client.post("/v1/notes", json={"title": "a"}, headers=KEY)


class TestAddEtag:
    def test_is_the_version(self, client, note):
        """The strong ETag of a resource is its version, also in the response to POST."""
        read = client.get(note.headers["Location"])

        assert note.headers["ETag"] == read.headers["ETag"] == '"1"'

    @pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7", "1"', "*"])
    def test_answers_304_when_unchanged(self, client, note, tag):
        """A client with the current version gets 304 without a body, and the same ETag."""
        answer = client.get(note.headers["Location"], headers={"If-None-Match": tag})

        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == '"1"'
        assert answer.headers["Cache-Control"] == "private, no-store"

    @pytest.mark.parametrize("tag", ['"2"', '"01"', "nonsense", ""])
    def test_answers_in_full_when_changed(self, client, note, tag):
        """A client with another ETag gets the resource."""
        answer = client.get(note.headers["Location"], headers={"If-None-Match": tag})

        assert (answer.status_code, answer.json["title"]) == (200, "a")

    @pytest.mark.parametrize("tag", ['"2"', "*", "nonsense"])
    def test_reads_ignore_if_match(self, client, note, tag):
        """If-Match has no effect on reads."""
        place = note.headers["Location"]

        read = client.get(place, headers={"If-Match": tag})
        known = client.get(place, headers={"If-Match": tag, "If-None-Match": '"1"'})

        assert (read.status_code, read.json["title"]) == (200, "a")
        assert (known.status_code, known.data) == (304, b"")

    def test_head_has_the_headers_of_get(self, client, note):
        """HEAD has the headers of GET and no body."""
        got = client.get(note.headers["Location"])
        headed = client.head(note.headers["Location"])

        assert headed.data == b""
        assert dict(headed.headers) == dict(got.headers)

    def test_lists_have_none(self, client, note):
        """A list has no version and no ETag."""
        assert "ETag" not in client.get("/v1/notes").headers


class TestIfMatch:
    @pytest.mark.parametrize(
        "tag",
        [
            '"1"',
            'W/"1"',
            '"1-gzip"',
            'W/"1-br"',
            '"7", "1"',
            'W/"7",W/"1"',
            '"x", "1"',
            ', "1" ,',
            "*",
            " * ",
        ],
    )
    def test_accepts_the_current_version(self, client, note, tag):
        """With the current ETag, as sent or as a proxy changed it, in a list, or with ``*``.

        The change is made, and the response has the new ETag.
        """
        changed = _change(client, note, tag)

        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        assert changed.json["rank"] == 5

    @pytest.mark.parametrize("tag", [None, "", " "])
    def test_is_required(self, client, note, tag):
        """A change without If-Match is refused."""
        refused = _change(client, note, tag)

        assert (refused.status_code, refused.json["code"]) == (428, "precondition_required")

    @pytest.mark.parametrize(
        "tag",
        [
            '"2"',
            '"01"',
            '"0"',
            "1",
            '"',
            '""',
            'W/"2"',
            'w/"1"',
            'W/ "1"',
            '"2", "3"',
            '"1-2"',
            '"1-lz4"',
            ",",
            "**",
            '"x"',
            '"-1"',
            '"' + "9" * 999 + '"',
            '"\N{ARABIC-INDIC DIGIT ONE}"',
        ],
    )
    def test_refuses_any_other_version(self, client, note, tag):
        """A change with another ETag answers 412, and nothing changes."""
        refused = _change(client, note, tag.encode("utf-8").decode("latin-1"))

        assert (refused.status_code, refused.json["code"]) == (412, "stale_version")
        assert client.get(note.headers["Location"]).json["rank"] == 0

    def test_comes_before_the_body(self, client):
        """A refused request's body is not read."""
        refused = client.patch(f"/v1/notes/{uuid4()}", data=b"{")

        assert refused.status_code == 428

    def test_any_version_is_that_of_a_resource(self, client):
        """``*`` matches no resource that does not exist."""
        headers = {"If-Match": "*"}

        missing = client.patch(f"/v1/notes/{uuid4()}", json={"rank": 5}, headers=headers)

        assert missing.status_code == 404

    def test_one_of_two_changes_wins(self, client, note):
        """Of two changes of one version, the second is refused."""
        first = _change(client, note, '"1"')
        second = _change(client, note, '"1"')

        assert (first.status_code, second.status_code) == (200, 412)


def _change(client, note, tag):
    headers = {} if tag is None else {"If-Match": tag}
    return client.patch(note.headers["Location"], json={"rank": 5}, headers=headers)
