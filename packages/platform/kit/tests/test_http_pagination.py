import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings, strategies as st

from mercato_kit import db
from mercato_kit.http import PageRequest, paginate_merged, pagination

from .demo import Note, NoteSchema

# Few values, so that many rows have equal sort keys.
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12)
SORTS = ["rank", "-rank", "created_at", "-created_at", "title", "-title"]
SOME_ID = "01a203b7-028a-72a0-b96b-7ffe5e30ce5f"
START = datetime(2026, 1, 1, tzinfo=UTC)


class TestPaginate:
    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(rows=ROWS, limit=st.integers(1, 4), sort=st.sampled_from(SORTS))
    def test_each_row_is_on_one_page(self, app, rows, limit, sort):
        """The pages have each row once, in order, even with equal sort keys."""
        expected = _fill(app, rows, sort)

        walked = _walk(app.test_client(), f"/v1/notes?sort={sort}&limit={limit}")

        assert walked == expected

    def test_a_new_row_does_not_shift_pages(self, app, client):
        """A row inserted while a client reads does not shift later pages."""
        expected = _fill(app, [(rank, 0) for rank in (1, 2, 3, 4)], "rank")
        first = client.get("/v1/notes?sort=rank&limit=2").json
        _fill(app, [(0, 0)], "rank", empty=False)

        second = client.get(f"/v1/notes?sort=rank&limit=2&cursor={first['next_cursor']}").json

        assert _ids(first) + _ids(second) == expected

    def test_links_the_next_page(self, app, client):
        """The Link header has the same parameters; the last page has none."""
        _fill(app, [(1, 0), (1, 1), (2, 0)], "rank")
        first = client.get("/v1/notes?rank=1&limit=1&sort=rank")

        address = _next(first)
        second = client.get(address)

        assert address.startswith("/v1/notes?rank=1&limit=1&sort=rank&cursor=")
        assert (first.json["has_more"], second.json["has_more"]) == (True, False)
        assert second.json["next_cursor"] is None
        assert "Link" not in second.headers

    def test_does_not_link_another_host(self, app, client):
        """The link to the next page does not depend on the Host header."""
        _fill(app, [(1, 0), (1, 1)], "rank")

        page = client.get("/v1/notes?limit=1", headers={"Host": "evil.example"})

        assert _next(page).startswith("/v1/notes?limit=1&cursor=")

    def test_defaults_to_25_items(self, app, client):
        """The default page has 25 items, newest first."""
        _fill(app, [(0, minute) for minute in range(26)], "-created_at")

        page = client.get("/v1/notes").json

        assert len(page["data"]) == 25
        times = [item["created_at"] for item in page["data"]]
        assert times == sorted(times, reverse=True)

    def test_an_empty_list_is_a_page(self, client):
        """A list without items is a page without items."""
        assert client.get("/v1/notes").json == {
            "data": [],
            "has_more": False,
            "next_cursor": None,
        }

    @pytest.mark.parametrize(("query", "total"), [("", 5), ("&rank=1", 3), ("&rank=9", 0)])
    def test_counts_on_request(self, app, client, query, total):
        """With include=total the response has the number of items on all pages."""
        _fill(app, [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1)], "rank")

        page = client.get(f"/v1/notes?limit=1&include=total{query}").json

        assert (page["total"], page["total_is_exact"]) == (total, True)

    def test_stops_counting_at_ten_thousand(self, app, client):
        """A long list is counted up to 10,000."""
        with app.app_context():
            rows = [
                {"id": db.new_id(), "title": str(number)}
                for number in range(pagination.COUNTED_UP_TO + 1)
            ]
            db.session.execute(sa.insert(Note), rows)
            db.session.commit()

        page = client.get("/v1/notes?limit=1&include=total").json

        assert (page["total"], page["total_is_exact"]) == (10_000, False)


class TestCursor:
    def test_is_valid_for_one_filter(self, app, client):
        """A cursor of another filter is refused."""
        _fill(app, [(1, 0), (1, 1)], "rank")
        cursor = client.get("/v1/notes?limit=1&rank=1").json["next_cursor"]

        assert _refused(client, f"limit=1&rank=2&cursor={cursor}")
        assert _refused(client, f"limit=1&cursor={cursor}")

    @pytest.mark.parametrize("sort", ["rank", "-rank", "title"])
    def test_is_valid_for_one_sort_order(self, app, client, sort):
        """A cursor of another sort order, or of its reverse, is refused."""
        _fill(app, [(1, 0), (1, 1)], "rank")
        cursor = client.get("/v1/notes?limit=1&sort=-title").json["next_cursor"]

        assert _refused(client, f"limit=1&sort={sort}&cursor={cursor}")

    def test_is_valid_for_any_limit(self, app, client):
        """The limit may change between pages."""
        expected = _fill(app, [(1, 0), (1, 1), (1, 2)], "rank")
        first = client.get("/v1/notes?limit=1&sort=rank").json

        second = client.get(f"/v1/notes?limit=9&sort=rank&cursor={first['next_cursor']}").json

        assert _ids(first) + _ids(second) == expected

    def test_of_each_request_counts(self, app, client):
        """Requests that differ in their cursors alone get different pages, in any order."""
        expected = _fill(app, [(1, minute) for minute in range(3)], "rank")
        plain = "/v1/notes?limit=1&sort=rank"
        second = _next(client.get(plain))
        third = _next(client.get(second))

        pages = [client.get(path).json for path in (third, plain, second, third)]

        assert [_ids(page) for page in pages] == [[expected[place]] for place in (2, 0, 1, 2)]

    def test_is_sent_once(self, app, client):
        """Two cursors are refused, also if another request had only one of them."""
        _fill(app, [(1, 0), (1, 1)], "rank")
        path = _next(client.get("/v1/notes?limit=1"))
        client.get(path)

        twice = client.get(f"{path}&{path.split('&')[1]}")

        assert twice.status_code == 422
        assert [error[:2] for error in twice.json["errors"]] == [["/cursor", "repeated"]]

    def test_may_be_written_in_percents(self, app, client):
        """The characters of a cursor, and its name, may be encoded."""
        expected = _fill(app, [(1, 0), (1, 1)], "rank")
        path = _next(client.get("/v1/notes?limit=1&sort=rank"))

        for encoded in (path.replace("cursor=", "%63ursor="), path.replace(".", "%2E")):
            assert _ids(client.get(encoded).json) == expected[1:]

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"nonsense",
            b"\xff\xfe",
            b"[" * 30,
            ["-created_at", "", "v", 1],
            ["-created_at", "", "v", 10**30, SOME_ID],
            ["-created_at", "", "v", "a\x00", SOME_ID],
            ["-created_at", "", "v", {"a": 1}, SOME_ID],
            ["-created_at", "", "t", "0001-01-01T00:00:00+14:00", SOME_ID],
            ["-created_at", "", "t", "2026-01-01T00:00:00", SOME_ID],
            ["-created_at", "", "t", 5, SOME_ID],
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("seal", [b"", b"x" * 16])
    def test_cannot_be_forged(self, client, content, seal):
        """A forged cursor answers 400 before any query."""
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        parts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (text, seal)]
        cursor = ".".join(parts)

        assert _refused(client, f"cursor={cursor}")

    @pytest.mark.parametrize("cursor", ["", "%00", "%ff", "ä", "a", "====", "a" * 500])
    def test_refuses_other_text(self, client, cursor):
        """Text that is not a cursor is refused."""
        answer = client.get(f"/v1/notes?cursor={cursor}")

        assert answer.status_code in (400, 422)

    def test_refuses_changed_cursors(self, app, client):
        """A cursor with one changed bit is refused."""
        _fill(app, [(1, 0), (1, 1)], "rank")
        cursor = client.get("/v1/notes?limit=1").json["next_cursor"]
        for place in (3, len(cursor) - 5):
            other = "B" if cursor[place] == "A" else "A"
            changed = f"{cursor[:place]}{other}{cursor[place + 1 :]}"

            assert _refused(client, f"limit=1&cursor={changed}")

    def test_has_room_for_long_values(self, app, client):
        """A page may end with the longest text of any column, in any script."""
        with app.app_context():
            for number in range(2):
                note = Note(title="\N{GRINNING FACE}" * 200 + str(number), rank=1)
                db.session.add(note)
            db.session.commit()

        first = client.get("/v1/notes?limit=1&sort=title")

        assert len(client.get(_next(first)).json["data"]) == 1

    def test_is_valid_in_other_processes(self, app, boot, database_url):
        """Another process of the deployment accepts the cursor."""
        expected = _fill(app, [(1, 0), (1, 1)], "rank")
        first = app.test_client().get("/v1/notes?limit=1&sort=rank")

        second = boot(database_url).test_client().get(_next(first))

        assert _ids(first.json) + _ids(second.json) == expected


class TestPageOf:
    def test_is_named_after_its_items(self):
        """The schema of a page has a unique name, and is created once."""
        page = pagination.page_of(NoteSchema)

        assert page.__name__ == "NoteListSchema"
        assert page.__module__ == NoteSchema.__module__
        assert pagination.page_of(NoteSchema) is page

    def test_schemas_are_separate(self):
        """A feature with pages of several kinds gets a schema for each."""
        other = pagination.page_of(type("OtherSchema", (NoteSchema,), {}))
        empty = pagination.Page(data=[], has_more=False, next_cursor=None)

        dumped = [schema().dump(empty) for schema in (pagination.page_of(NoteSchema), other)]

        assert dumped == [{"data": [], "has_more": False, "next_cursor": None}] * 2


class TestPaginateMerged:
    @settings(
        max_examples=10,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(rows=ROWS, limit=st.integers(1, 4), sort=st.sampled_from(["created_at", "-created_at"]))
    def test_is_one_list(self, app, rows, limit, sort):
        """The rows of several statements are one list, in order, page by page."""
        expected = _fill(app, rows, sort)

        walked, cursor = [], None
        with app.app_context():
            ranks = [sa.select(Note.id).where(Note.rank == rank) for rank in range(3)]
            while True:
                page = PageRequest(sort, limit=limit, cursor=cursor, include_total=True)
                found = paginate_merged(ranks, page, column=Note.created_at, id=Note.id)
                walked += map(str, found.data)
                assert (found.total, found.total_is_exact) == (len(rows), True)
                if (cursor := found.next_cursor) is None:
                    break

        assert walked == expected


def _fill(app, rows, sort, *, empty=True):
    """Add a note for each (rank, minute), and return the ids in the order of *sort*."""
    with app.app_context():
        if empty:
            db.session.execute(sa.delete(Note))
        notes = [
            Note(
                id=db.new_id(),
                rank=rank,
                created_at=START + timedelta(minutes=minute),
                title=f"{rank}{minute} {number}",
            )
            for number, (rank, minute) in enumerate(rows)
        ]
        name, descending = sort.removeprefix("-"), sort.startswith("-")
        notes.sort(key=lambda note: (getattr(note, name), note.id), reverse=descending)
        ids = [str(note.id) for note in notes]
        db.session.add_all(notes)
        db.session.commit()
    return ids


def _walk(client, address):
    ids = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200
        assert ids == [] or answer.json["data"]
        ids += _ids(answer.json)
        address = _next(answer)
    return ids


def _next(answer):
    link = answer.headers.get("Link")
    return link and link.removeprefix("<").removesuffix('>; rel="next"')


def _ids(page):
    return [item["id"] for item in page["data"]]


def _refused(client, query):
    answer = client.get(f"/v1/notes?{query}")
    return (answer.status_code, answer.json["code"]) == (400, "invalid_cursor")
