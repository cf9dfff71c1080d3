"""SQL of both databases for values as JSON answers have them."""

import operator
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, cast

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from mercato_kit.db import UtcDateTime
from mercato_kit.http.pagination import BOUNDS


class _Element(FunctionElement[Any]):
    """A function that each database writes differently; ``{}`` stands for its arguments."""

    inherit_cache = True
    postgresql: ClassVar[str]
    sqlite: ClassVar[str]


@compiles(_Element)
def _compile(element: _Element, compiler: Any, **options: Any) -> str:
    pattern = element.sqlite if compiler.dialect.name == "sqlite" else element.postgresql
    return pattern.replace("{}", compiler.process(element.clauses, **options))


class UuidText(_Element):
    """A UUID in its canonical form; SQLite has the hexadecimal digits only."""

    type = sa.String()
    postgresql = "CAST({} AS TEXT)"
    sqlite = (
        "(substr({}, 1, 8) || '-' || substr({}, 9, 4) || '-' || substr({}, 13, 4)"
        " || '-' || substr({}, 17, 4) || '-' || substr({}, 21))"
    )


class InstantText(_Element):
    """A time as :func:`mercato_kit.schemas.render_instant` writes it."""

    type = sa.String()
    postgresql = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
    sqlite = "(substr({}, 1, 23) || 'Z')"


class ExactInstantText(_Element):
    """A time in microseconds, for cursors."""

    type = sa.String()
    postgresql = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
    sqlite = "{}"


class JsonText(_Element):
    """A JSON value as text."""

    type = sa.String()
    postgresql = "CAST({} AS TEXT)"
    sqlite = "{}"


class JsonValue(_Element):
    """A JSON value inside another."""

    type = sa.JSON()
    postgresql = "{}"
    sqlite = "json({})"


class JsonTruth(_Element):
    """A boolean inside a JSON value; SQLite has 0 and 1."""

    type = sa.JSON()
    postgresql = "{}"
    sqlite = "CASE {} WHEN 1 THEN json('true') WHEN 0 THEN json('false') END"


class JsonList(_Element):
    """All values of a column as one JSON list."""

    type = sa.JSON()
    postgresql = "coalesce(json_agg({}), '[]')"
    sqlite = "json_group_array({})"


class JsonObject(_Element):
    """A JSON object of values by name."""

    type = sa.JSON()
    postgresql = "json_build_object({})"
    sqlite = "json_object({})"

    def __init__(self, members: Iterable[tuple[str, sa.ColumnElement[Any]]]) -> None:
        parts = [part for name, value in members for part in (_literal(name), value)]
        super().__init__(*parts)


def shown(value: Any) -> sa.ColumnElement[Any]:
    """Return a column of a row as answers show it; JSON is text."""
    return _element_for(value, {sa.Uuid: UuidText, UtcDateTime: InstantText, sa.JSON: JsonText})


def nested(value: Any) -> sa.ColumnElement[Any]:
    """Return a value as answers show it, for a JSON object or list."""
    return _element_for(
        value,
        {sa.Uuid: UuidText, UtcDateTime: InstantText, sa.JSON: JsonValue, sa.Boolean: JsonTruth},
    )


def comparisons(*columns: Any) -> dict[str, sa.ColumnElement[bool]]:
    """Return the filters of a list by columns: an equal value, or a bound.

    Each has the name of its column; a bound has the suffix ``_gte``, ``_gt``, ``_lte`` or ``_lt``.
    """
    operators = {"": operator.eq, **{f"_{name}": compare for name, compare in BOUNDS.items()}}
    return {
        column.key + suffix: compare(column, sa.bindparam(column.key + suffix, type_=column.type))
        for column in columns
        for suffix, compare in operators.items()
    }


def _element_for(value: Any, elements: Mapping[type[Any], type[_Element]]) -> sa.ColumnElement[Any]:
    for kind, element in elements.items():
        if isinstance(value.type, kind):
            return element(value)
    return cast("sa.ColumnElement[Any]", value)


def _literal(text: str) -> sa.ColumnElement[str]:
    return sa.literal_column("'" + text.replace("'", "''") + "'")
