"""The compiled queries of views, and how their rows become answers."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from mercato_kit.db import UtcDateTime
from mercato_kit.driver import Row
from mercato_kit.http.pagination import PageRequest, write_cursor
from mercato_kit.prepared import Statement
from mercato_kit.views.elements import ExactInstantText, shown

LIMIT, AFTER, AFTER_ID = "_limit", "_after", "_after_id"
"""Parameters of a page: its length, and the place of the row before it."""

Order = tuple[Any, Any]
"""The column that a list is sorted by, and the unique one that makes the order total."""


class Query:
    """A compiled query of a view.

    Args:
        statement: The statement. Its columns are those of *members*; in a page, the place of the
            row in the order follows.
        members: The name and the SQL of each member of the answer.
        order: The order of a page.

    Attributes:
        names: The names of the members.
    """

    def __init__(
        self,
        statement: Statement,
        members: Sequence[tuple[str, sa.ColumnElement[Any]]] = (),
        order: Order | None = None,
    ) -> None:
        self.statement = statement
        self.names = tuple(name for name, _ in members)
        self._conversions = tuple(_conversions([column for _, column in members], statement))
        self._sorts_by_time = order is not None and isinstance(order[0].type, UtcDateTime)
        # A struct is made and written in a tenth of the time of a dict.
        fields = [(f"m{place}", Any) for place in range(len(members))]
        renamed = dict(zip((name for name, _ in fields), self.names, strict=True))
        self._item = msgspec.defstruct("Item", fields, rename=renamed, frozen=True, gc=False)

    def values(self, row: Row) -> Row:
        """Return the values of the members."""
        if not self._conversions:
            return row[: len(self.names)]
        values = list(row[: len(self.names)])
        for place, convert in self._conversions:
            if values[place] is not None:
                values[place] = convert(values[place])
        return tuple(values)

    def item(self, row: Row) -> Any:
        """Return a row as an object that is written as its members."""
        return self._item(*self.values(row))

    def cursor(self, page: PageRequest, row: Row) -> str:
        """Return the cursor after *row*."""
        value, id_value = row[-2:]
        if self._sorts_by_time:
            value = datetime.fromisoformat(value)
        return write_cursor(page, value, id_value)


def in_order(
    statement: sa.Select[Any], order: Order, *, descending: bool, after: bool
) -> sa.Select[Any]:
    """Sort and limit a statement, and add the place of each row in the order.

    Args:
        statement: The statement.
        order: The columns that it is sorted by.
        descending: Whether the last row comes first.
        after: Whether it begins after the row at the parameters of a cursor.
    """
    column, id_column = order
    if after:
        here = sa.tuple_(column, id_column)
        there = sa.tuple_(
            sa.bindparam(AFTER, type_=column.type),
            sa.bindparam(AFTER_ID, type_=id_column.type),
        )
        statement = statement.where(here < there if descending else here > there)
    sorting = (column.desc(), id_column.desc()) if descending else (column, id_column)
    exact = ExactInstantText(column) if isinstance(column.type, UtcDateTime) else column
    places = statement.add_columns(exact, shown(id_column))
    return places.order_by(*sorting).limit(sa.bindparam(LIMIT, type_=sa.Integer))


def _conversions(
    columns: Sequence[sa.ColumnElement[Any]], statement: Statement
) -> Iterator[tuple[int, Callable[[Any], Any]]]:
    """Return how the driver's values become those of an answer, by their place."""
    for place, column in enumerate(columns):
        if isinstance(column.type, sa.JSON):
            yield place, msgspec.Raw
        elif statement.dialect == "sqlite" and isinstance(column.type, sa.Boolean):
            yield place, bool
