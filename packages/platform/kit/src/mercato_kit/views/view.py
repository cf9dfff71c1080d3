"""Views: what a resource shows, read by one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain
from typing import Any, cast

import marshmallow as ma
import sqlalchemy as sa

from mercato_kit.db import found, is_sortable
from mercato_kit.http.pagination import COUNTED_UP_TO, PageRequest, read_cursor
from mercato_kit.prepared import Statement, parameters_of
from mercato_kit.reads import reader
from mercato_kit.shown import Shown
from mercato_kit.views.dumper import Dumper
from mercato_kit.views.elements import shown
from mercato_kit.views.queries import AFTER, AFTER_ID, LIMIT, Query, in_order
from mercato_kit.views.shapes import Shape

_SHAPES_KEPT = 256
"""Statements kept of one view; the least recently used one is compiled again."""


@dataclass(frozen=True)
class Through:
    """A filter by a table that is joined, and that a list may be sorted by.

    Args:
        table: The model of the table.
        on: How it is joined.
        where: The condition of the filter.
        sorts: Columns of the table that replace those of the view, by the name of the sort.
        id: The column that replaces the view's id.
    """

    table: Any
    on: sa.ColumnElement[bool]
    where: sa.ColumnElement[bool]
    sorts: Mapping[str, Any] = field(default_factory=dict)
    id: Any = None


Filter = sa.ColumnExpressionArgument[bool] | Through


class View:
    """An output schema, and which rows it shows.

    ::

        NOTE = View(
            NoteSchema,
            where=[Note.deleted_at.is_(None)],
            filters={"id": Note.id == sa.bindparam("id"), "tag": any_of(Note.tag, "tag")},
            sorts={"created_at": Note.created_at},
            id=Note.id,
        )
        NOTE.one(id=note_id)
        NOTE.page(page, tag=["red"])

    Relationships of the model give nested rows and their order. What a view shows is equal to what
    ``schema.dump`` makes of the entity.

    Args:
        schema: The schema, derived from a model.
        where: Conditions of all rows.
        only: Conditions of nested rows by the path of their field: ``{"variants": …}``. One with a
            parameter that is not given does not apply.
        computed: SQL of fields that are no column, by their path: an expression or a SELECT. A
            SELECT of a model is shown by the nested schema of the field. A parameter that is not
            given is NULL.
        without: Paths of fields that are not shown. A schema with a hook after its dump needs it.
        filters: Conditions that apply if a value is given under their name. One with several
            parameters takes a mapping of their values; one without applies if its value is True,
            and does not if it is False. None is NULL, which nothing equals.
        sorts: Sortable columns (NOT NULL) of a list, by name.
        id: A unique column, which makes the order of a list total.
    """

    def __init__(
        self,
        schema: type[ma.Schema],
        *,
        where: Sequence[sa.ColumnElement[bool]] = (),
        only: Mapping[str, Any] | None = None,
        computed: Mapping[str, Any] | None = None,
        without: Sequence[str] = (),
        filters: Mapping[str, Filter] | None = None,
        sorts: Mapping[str, Any] | None = None,
        id: Any = None,  # noqa: A002
    ) -> None:
        self.schema = schema
        self.model = cast("Any", schema).Meta.model
        self._where, self._without, self._id = tuple(where), frozenset(without), id
        self._only = {
            path: tuple(given) if isinstance(given, (list, tuple)) else (given,)
            for path, given in (only or {}).items()
        }
        self._computed, self._filters = dict(computed or {}), dict(filters or {})
        self.sorts = dict(sorts or {})
        nested = [*chain.from_iterable(self._only.values()), *self._computed.values()]
        self._parameters = {
            **{name: (name,) for clause in nested for name in parameters_of(clause)},
            **{
                name: tuple(dict.fromkeys(parameters_of(_condition(one))))
                for name, one in self._filters.items()
            },
        }
        self._ready = lru_cache(maxsize=_SHAPES_KEPT)(self._prepare)

    def one(self, **values: Any) -> Shown:
        """Return the row that all of the filters select.

        Raises:
            NotFound: There is none.
        """
        return found(self.find(**values))

    def find(self, **values: Any) -> Shown | None:
        """Return the row that all of the filters select; None if there is none."""
        given, parameters = self._given(values)
        here = reader()
        ready = self._ready(here.dialect, given)
        rows = here.rows(ready.statement, parameters)
        return Shown(dict(zip(ready.names, ready.values(rows[0]), strict=True))) if rows else None

    def of(self, row: Mapping[str, Any]) -> Shown:
        """Return what the view shows of a row that was just written, without reading it.

        Args:
            row: The value of each attribute that is shown; rows of a relationship are such
                mappings themselves.

        Raises:
            KeyError: A value is missing.
        """
        return Shown(self._dumper.dump(row))

    def page(self, page: PageRequest, **values: Any) -> Shown:
        """Return one page of the rows that all of the filters select.

        Raises:
            InvalidCursor: The cursor is invalid, or was made for another sort order or filter.
        """
        given, parameters = self._given(values)
        here = reader()
        parameters[LIMIT] = page.limit + 1
        if page.cursor is not None:
            parameters[AFTER], parameters[AFTER_ID] = read_cursor(page)
        ready = self._ready(here.dialect, given, page.sort, page.cursor is not None)
        rows = here.rows(ready.statement, parameters)
        more = len(rows) > page.limit
        content = {
            "data": [ready.item(row) for row in rows[: page.limit]],
            "has_more": more,
            "next_cursor": ready.cursor(page, rows[page.limit - 1]) if more else None,
        }
        if page.include_total:
            counting = self._ready(here.dialect, given, None)
            ((total,),) = here.rows(counting.statement, parameters)
            content["total"] = min(total, COUNTED_UP_TO)
            content["total_is_exact"] = total <= COUNTED_UP_TO
        return Shown(content)

    def check(self) -> None:
        """Check that SQL can show every field, and that lists have one order on both databases.

        Raises:
            TypeError: It cannot show a field as the schema does, or a list is sorted by a text
                whose order depends on the locale of the server.
        """
        throughs = (one for one in self._filters.values() if isinstance(one, Through))
        for sorts in (self.sorts, *(one.sorts for one in throughs)):
            for name, column in sorts.items():
                if not is_sortable(column.type):
                    raise TypeError(
                        f"{self.schema.__name__} cannot be sorted by {name}: the order of the "
                        "column depends on the server; declare it with sortable()"
                    )
        for dialect in ("postgresql", "sqlite"):
            self._prepare(dialect, tuple(self._filters))

    @cached_property
    def _dumper(self) -> Dumper:
        return Dumper(self.schema(), self._without)

    def _given(self, values: Mapping[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
        """Return the names of the values that are given, and the values of parameters."""
        given: list[str] = []
        parameters: dict[str, Any] = {}
        for name, value in values.items():
            names = self._parameters.get(name)
            if names is None:
                raise TypeError(f"the view has no filter or parameter {name!r}")
            # A value that is false by chance must not show more rows.
            if not names and not isinstance(value, bool):
                raise TypeError(f"the filter {name!r} is True or False, not {value!r}")
            if not names and not value:
                continue
            given.append(name)
            if len(names) == 1:
                parameters[names[0]] = value
            elif names:
                parameters.update(value)
        return tuple(given), parameters

    def _prepare(
        self,
        dialect: str,
        given: tuple[str, ...],
        sort: str | None = "",
        after: bool = False,  # noqa: FBT001, FBT002 - of a cache
    ) -> Query:
        """Compile one row (sort is empty), a page, or a count (sort is None)."""
        statement = self._select(given)
        if sort is None:
            some = statement.limit(COUNTED_UP_TO + 1).subquery()
            counted = sa.select(sa.func.count()).select_from(some)
            return Query(Statement(counted, dialect))
        shape = Shape(
            schema=self.schema(),
            computed=self._computed,
            without=self._without,
            only=self._only_of(given),
            tables=(self.model.__table__,),
        )
        members = shape.members()
        columns = [shown(column) for _, column in members]
        statement = statement.with_only_columns(*columns, maintain_column_froms=True)
        order = self._order(given, sort.removeprefix("-")) if sort else None
        if sort and order:
            statement = in_order(statement, order, descending=sort[0] == "-", after=after)
        return Query(Statement(statement, dialect), members, order)

    def _select(self, given: tuple[str, ...]) -> sa.Select[Any]:
        statement = sa.select(sa.literal(1)).select_from(self.model).where(*self._where)
        for name in given:
            one = self._filters.get(name)
            if isinstance(one, Through):
                statement = statement.join(one.table, one.on).where(one.where)
            elif one is not None:
                statement = statement.where(one)
        return statement

    def _order(self, given: tuple[str, ...], name: str) -> tuple[Any, Any]:
        """Return the column that a list is sorted by, and the one that makes its order total."""
        for one in (self._filters.get(key) for key in given):
            if isinstance(one, Through) and name in one.sorts:
                return one.sorts[name], self._id if one.id is None else one.id
        return self.sorts[name], self._id

    def _only_of(self, given: tuple[str, ...]) -> Mapping[str, Sequence[sa.ColumnElement[bool]]]:
        return {
            path: [one for one in conditions if set(parameters_of(one)) <= set(given)]
            for path, conditions in self._only.items()
        }


def _condition(one: Filter) -> sa.ColumnExpressionArgument[bool]:
    return one.where if isinstance(one, Through) else one
