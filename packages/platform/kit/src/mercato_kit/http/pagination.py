"""Keyset pagination: a limit, a total order, and a signed cursor with the last row's values."""

import hashlib
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, ClassVar, Generic, TypeVar, cast
from uuid import UUID

import marshmallow as ma
import sqlalchemy as sa
from flask import has_request_context, request
from itsdangerous import BadData, URLSafeSerializer
from marshmallow import fields, validate

from mercato_kit.db import session
from mercato_kit.errors import InvalidCursor
from mercato_kit.keys import signing_secrets
from mercato_kit.schemas import Integer, QuerySchema, Text

T = TypeVar("T")

COUNTED_UP_TO = 10_000
LONGEST_CURSOR = 2000
BOUNDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
}
"""The comparison of each suffix of a bound: ``created_at[gte]``."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page of a list that a client requests.

    Args:
        sort: An allowed name, with the prefix ``-`` for descending order.
        limit: Items wanted, 1 to 100.
        cursor: The cursor of the previous page.
        include_total: Also count the items of all pages.
        filter_hash: Hash of the filters; a cursor is valid for one set of filters.
    """

    sort: str
    limit: int = 25
    cursor: str | None = None
    include_total: bool = False
    filter_hash: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list."""

    data: Sequence[T]
    has_more: bool
    next_cursor: str | None
    total: int | None = None
    total_is_exact: bool | None = None


class ListQuerySchema(QuerySchema):
    """Base schema of a list's query string: loads filters and ``page``, a PageRequest.

    Set ``sorts`` to the allowed names and ``default_sort`` to one of them. A query string is loaded
    once for all pages of a list, so nothing but ``page`` may depend on the cursor.
    """

    sorts: ClassVar[tuple[str, ...]] = ("created_at",)
    default_sort: ClassVar[str] = "-created_at"

    limit = Integer(
        min=1, max=100, load_default=25, metadata={"description": "Most items of a page"}
    )
    cursor = Text(
        max=LONGEST_CURSOR,
        metadata={"description": "`next_cursor` of the page before; the filters stay"},
    )
    sort = Text(max=50)
    include = fields.String(
        validate=validate.Equal("total"),
        metadata={"description": "`total`: also count the items of all pages"},
    )

    def choose_sort(self, filters: dict[str, Any]) -> str:
        """Return the sort order of a request without one, by its filters; ``default_sort``."""
        return self.default_sort

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Let the field ``sort`` accept the allowed names, and no others."""
        if field_name == "sort":
            names = [way + name for name in self.sorts for way in ("", "-")]
            field_obj.validators = [validate.OneOf(names)]
            text = f"Order; `-` reverses it. Default: {self.default_sort}"
            field_obj.metadata = {"description": text, **field_obj.metadata}
        super().on_bind_field(field_name, field_obj)

    @ma.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        limit, cursor = data.pop("limit"), data.pop("cursor", None)
        sort = data.pop("sort", None) or self.choose_sort(data)
        include = data.pop("include", None)
        filters = json.dumps(data, sort_keys=True, default=str)
        data["page"] = PageRequest(
            sort=sort,
            limit=limit,
            cursor=cursor,
            include_total=include == "total",
            filter_hash=hashlib.sha256(filters.encode()).hexdigest()[:16],
        )
        return data


def paginate(
    statement: sa.Select[Any],
    page: PageRequest,
    *,
    columns: Mapping[str, Any],
    id: Any,  # noqa: A002
) -> Page[Any]:
    """Return one page of *statement*.

    Args:
        statement: A filtered SELECT of one entity, without order or limit.
        page: The page requested.
        columns: The sortable columns (NOT NULL; text, numbers or times), by their allowed name.
        id: A unique column, which makes the order total.

    Raises:
        InvalidCursor: The cursor is invalid, or was made for another sort order or filter.
    """
    column = columns[page.sort.removeprefix("-")]
    rows = session.execute(_in_order(statement, page, column, id)).all()
    return _page(rows, page, statement)


def paginate_merged(
    statements: Sequence[sa.Select[Any]],
    page: PageRequest,
    *,
    column: Any,
    id: Any,  # noqa: A002
) -> Page[Any]:
    """Return one page of the rows of several statements, each of which an index has in order.

    Args:
        statements: Like that of :func:`paginate`.
        page: The page requested.
        column: The column that all of them are sorted by.
        id: Their unique column.

    Raises:
        InvalidCursor: The cursor is invalid, or was made for another sort order or filter.
    """
    # Each is limited: otherwise PostgreSQL would sort all of their rows.
    limited = [_in_order(one, page, column, id).subquery() for one in statements]
    merged = sa.union_all(*(sa.select(*one.c) for one in limited)).subquery("found_rows")
    *_, sort, unique = merged.c
    order = (sort.desc(), unique.desc()) if page.sort.startswith("-") else (sort, unique)
    rows = session.execute(sa.select(*merged.c).order_by(*order).limit(page.limit + 1)).all()
    ones = (one.with_only_columns(id.label("id")) for one in statements)
    return _page(rows, page, sa.select(sa.union_all(*ones).subquery("all_rows").c.id))


def _in_order(
    statement: sa.Select[Any], page: PageRequest, column: Any, id_column: Any
) -> sa.Select[Any]:
    """Select the rows of a page, one more, and the place of each in the order."""
    descending = page.sort.startswith("-")
    if page.cursor is not None:
        after = _after(column, id_column, read_cursor(page), descending=descending)
        statement = statement.where(after)
    order = (column.desc(), id_column.desc()) if descending else (column.asc(), id_column.asc())
    placed = statement.add_columns(column.label("_sort"), id_column.label("_id"))
    return placed.order_by(*order).limit(page.limit + 1)


def _page(rows: Sequence[Any], page: PageRequest, counted: sa.Select[Any]) -> Page[Any]:
    has_more = len(rows) > page.limit
    last = rows[page.limit - 1] if has_more else None
    total = _count(counted) if page.include_total else None
    return Page(
        data=[row[0] for row in rows[: page.limit]],
        has_more=has_more,
        next_cursor=None if last is None else write_cursor(page, last[-2], last[-1]),
        total=None if total is None else min(total, COUNTED_UP_TO),
        total_is_exact=None if total is None else total <= COUNTED_UP_TO,
    )


class _PageSchema(ma.Schema):
    """The post-processing of all pages."""

    @ma.post_dump
    def _without_total(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        if data["total"] is None:
            del data["total"], data["total_is_exact"]
        return data


@cache
def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """Return the schema of a page of *item*, named after the item with the suffix ``List``."""
    name = item.__name__.removesuffix("Schema") + "ListSchema"
    body = {
        "__module__": item.__module__,
        "__doc__": f"A page of {item.__name__.removesuffix('Schema')}.",
        "data": fields.List(fields.Nested(item), required=True),
        "has_more": fields.Boolean(required=True),
        "next_cursor": fields.String(required=True, allow_none=True),
        "total": fields.Integer(),
        "total_is_exact": fields.Boolean(),
    }
    return cast("type[ma.Schema]", type(name, (_PageSchema,), body))


def _after(column: Any, id_column: Any, position: tuple[Any, Any], *, descending: bool) -> Any:
    here = sa.tuple_(column, id_column)
    there = sa.tuple_(
        sa.bindparam(None, position[0], type_=column.type),
        sa.bindparam(None, position[1], type_=id_column.type),
    )
    return here < there if descending else here > there


def _count(statement: sa.Select[Any]) -> int:
    # Without maintain_column_froms, a SELECT of a literal would lose its FROM clause.
    ones = statement.with_only_columns(sa.literal(1), maintain_column_froms=True)
    some = ones.limit(COUNTED_UP_TO + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def write_cursor(page: PageRequest, value: Any, id_value: UUID | str) -> str:
    """Return the cursor after the row with *value* in its sort column, and with *id_value*."""
    kind = "t" if isinstance(value, datetime) else "v"
    plain = value.isoformat() if isinstance(value, datetime) else value
    return str(_signer().dumps([page.sort, page.filter_hash, kind, plain, str(id_value)]))


def read_cursor(page: PageRequest) -> tuple[Any, UUID]:
    """Return the values of the row that the page's cursor stands after.

    Raises:
        InvalidCursor: The cursor is invalid, or was made for another sort order or filter.
    """
    try:
        sort, filter_hash, kind, plain, id_value = _signer().loads(page.cursor or "")
    except BadData as error:
        raise InvalidCursor from error
    if (sort, filter_hash) != (page.sort, page.filter_hash):
        raise InvalidCursor("The cursor was made for another sort order or filter.")
    return (datetime.fromisoformat(plain) if kind == "t" else plain), UUID(id_value)


def _signer() -> URLSafeSerializer:
    """Sign cursors for the current path. A valid signature also guarantees the values' types."""
    path = request.path if has_request_context() else ""
    return _signer_of(path, tuple(signing_secrets("kit.cursor")))


@lru_cache(maxsize=256)
def _signer_of(path: str, secrets: tuple[bytes, ...]) -> URLSafeSerializer:
    return URLSafeSerializer(
        list(secrets),
        salt=path.encode("utf-8", "surrogatepass"),
        signer_kwargs={"digest_method": hashlib.sha256},
    )
