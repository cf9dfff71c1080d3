import itertools
from copy import deepcopy
from dataclasses import dataclass
from uuid import uuid4

import marshmallow as ma
import pytest

from mercato_kit.http import Blueprint, ListQuerySchema
from mercato_kit.policies import anyone
from mercato_kit.schemas import Integer, Listed, QuerySchema, Schema, Text

from . import demo


@dataclass
class Tags:
    """What a query string is loaded into."""

    tags: list[str]


class TestKeptQueries:
    def test_give_equal_values_that_are_apart(self, boot, sqlite_url):
        """A query string is loaded once for its schema; what a view changes stays its own."""
        loads = []

        class CountedSchema(demo.NoteQuerySchema):
            @ma.post_load
            def _count(self, data, **_kwargs):
                loads.append(data)
                return data

        get = _echo(boot, sqlite_url, CountedSchema)

        answers = [get("rank=1"), get("rank=1"), get("rank=2"), get("rank=x"), get("rank=x")]

        assert [answer.json for answer in answers[:3]] == [{"rank": 1}, {"rank": 1}, {"rank": 2}]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 422, 422]
        assert len(loads) == 2

    @pytest.mark.parametrize("makes", [None, Tags])
    def test_share_no_list(self, boot, sqlite_url, makes):
        """A list that a view changes is as it was for the next request with the query string."""

        class TagsSchema(QuerySchema):
            tags = Listed(Text())

        TagsSchema.makes = makes
        get = _echo(boot, sqlite_url, TagsSchema)

        answers = [get("tags=a,b").json for _ in range(2)]

        assert answers == [{"tags": ["a", "b"]}] * 2

    @pytest.mark.parametrize("query", ["", "a=1", "cursor=x", "a=" + "1" * 200])
    def test_leave_out_cursors_long_texts_and_new_defaults(self, boot, sqlite_url, query):
        """A cursor, a long text and a default that is made anew are loaded each time."""

        class AnewSchema(QuerySchema):
            a = Text()
            cursor = Text()
            number = Integer(load_default=itertools.count().__next__)

        class ConstantSchema(QuerySchema):
            a = Text()
            cursor = Text()

            @ma.post_load
            def _number(self, data, **_kwargs):
                return {**data, "number": next(numbers)}

        numbers = itertools.count()
        anew, constant = (
            _echo(boot, sqlite_url, schema) for schema in (AnewSchema, ConstantSchema)
        )

        numbers_seen = [[get(query).json["number"] for _ in range(2)] for get in (anew, constant)]

        is_kept = query in ("", "a=1")
        assert numbers_seen == [[0, 1], [0, 0] if is_kept else [0, 1]]

    def test_are_loaded_once_for_all_pages(self, boot, sqlite_url):
        """Requests that differ in their cursors alone share what is loaded, but for the cursor."""
        loads = []

        class PagesSchema(ListQuerySchema):
            @ma.post_load
            def _show(self, data, **_kwargs):
                loads.append(data["page"].cursor)
                return data

        get = _echo(boot, sqlite_url, PagesSchema)

        for cursor in ("a", "b", "a"):
            assert get(f"limit=2&cursor={cursor}").json == {"cursor": cursor}
        assert get("limit=2").json == {}
        assert loads == ["a", None]

    def test_may_be_loaded_into_something_else_than_a_page(self, boot, sqlite_url):
        """Where a hook makes something of its own of the page, each cursor is loaded."""

        class OtherSchema(ListQuerySchema):
            @ma.post_load
            def _make_other(self, data, **_kwargs):
                return {"after": data["page"].cursor}

        get = _echo(boot, sqlite_url, OtherSchema)

        seen = [get(f"limit=2&cursor={cursor}").json for cursor in ("a", "b", "a")]

        assert seen == [{"after": "a"}, {"after": "b"}, {"after": "a"}]

    def test_keep_no_header(self, boot, sqlite_url):
        """Headers are loaded each time they are sent, as they may be secrets."""

        class HeaderSchema(Schema):
            note = Text(data_key="X-Note")

        get = _echo(boot, sqlite_url, HeaderSchema, location="headers")

        sent = [get("", **headers).json for headers in ({}, {"X-Note": "a"}, {"X-Note": "b"}, {})]

        assert sent == [{}, {"note": "a"}, {"note": "b"}, {}]


class TestQuery:
    @pytest.mark.parametrize("method", ["get", "head", "patch"])
    def test_is_refused_on_routes_without_parameters(self, paper, method):
        """An unknown parameter answers 422, even on a route without parameters."""
        refused = getattr(paper, method)(f"/v1/notes/{uuid4()}?a~b=1&x=", json={"rank": 1})

        assert refused.status_code == 422
        if method != "head":
            assert refused.json["errors"] == [["/a~0b", "unknown_field"], ["/x", "unknown_field"]]

    def test_comes_after_the_policy(self, paper):
        """A refused caller does not learn which parameters a route has."""
        assert paper.post("/v1/private?x=1", json={"title": "a"}).status_code == 401


def _echo(boot, url, schema, location="query"):
    """Return a function that gets what a schema loads of a query string and headers."""
    blueprint = Blueprint("echo", __name__, url_prefix="/v1")

    @blueprint.get("/echo", allow=anyone)
    @blueprint.arguments(schema, location=location)
    @blueprint.response(200)
    def echo(loaded):
        """Give what was loaded, and change it"""
        members = loaded if isinstance(loaded, dict) else vars(loaded)
        page = members.pop("page", None)
        answer = deepcopy(members) | ({"cursor": page.cursor} if page and page.cursor else {})
        for value in members.values():
            if isinstance(value, list):
                value.clear()
        members.clear()
        return answer

    client = boot(url, blueprints=[blueprint]).test_client()
    return lambda query, **headers: client.get(f"/v1/echo?{query}", headers=headers)
