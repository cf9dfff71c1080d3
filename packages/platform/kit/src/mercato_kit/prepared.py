"""Statements that are compiled once and kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from mercato_kit import driver

Statement = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete
Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
Type = sa.types.TypeEngine[Any]

_NUMBERED: sa.Dialect = cast("Any", PGDialect_psycopg)(paramstyle="numeric_dollar")


class Prepared:
    """A statement that is compiled once for each engine, and sent through the driver's cursor.

    SQLAlchemy hashes the tree of a statement each time that it is executed, which costs more than
    the statement itself. The caller flushes the session if the statement depends on it.

    Args:
        build: Returns the statement for a dialect. Its parameters are ``bindparam``, a list is
            :class:`~mercato_kit.lists.any_of`. It has a value for each column with a default.
    """

    def __init__(self, build: Callable[[sa.Dialect], Statement]) -> None:
        self._build = build
        self._compiled: WeakKeyDictionary[sa.Dialect, _Compiled] = WeakKeyDictionary()

    def rows(self, connection: sa.Connection, values: Values) -> list[dict[str, Any]]:
        """Send the statement once, and return its rows by name of the column."""
        compiled = self._for(connection.dialect, values)
        return compiled.read(driver.send(connection, compiled.text, compiled.bind(values)))

    def many(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        """Send the statement to SQLite for each of *rows*, which have the same names."""
        compiled = self._for(connection.dialect, rows[0])
        driver.send_many(connection, compiled.text, [compiled.bind(row) for row in rows])

    def _for(self, dialect: sa.Dialect, values: Values) -> "_Compiled":
        compiled = self._compiled.get(dialect)
        if compiled is None:
            compiled = _Compiled(self._build(dialect), dialect, list(values))
            self._compiled[dialect] = compiled
        return compiled


class _Compiled:
    """The text of a statement, and how its parameters and columns are converted."""

    def __init__(self, statement: Statement, dialect: sa.Dialect, names: list[str]) -> None:
        target = dialect if dialect.name == "sqlite" else _NUMBERED
        compiled = statement.compile(dialect=target, column_keys=names)
        if made := [*compiled.insert_prefetch, *compiled.update_prefetch]:
            raise TypeError(f"give a value for {', '.join(map(str, made))}: no default applies")
        self.text = str(compiled)
        bound = {name: compiled.binds[name] for name in compiled.positiontup or ()}
        self._binds = [(name, bind_processor(bind.type, dialect)) for name, bind in bound.items()]
        self._constants = {name: bind.effective_value for name, bind in bound.items()}
        self._positions = compiled.positiontup or ()
        columns = statement.exported_columns
        self._names = [str(name) for name in columns.keys()]  # noqa: SIM118 - it is no dict
        self._results = [
            (name, processor)
            for name, column in zip(self._names, columns, strict=True)
            if (processor := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]

    def bind(self, values: Values) -> list[Any]:
        """Return the parameters of the driver."""
        given = {**self._constants, **values}
        bound = {
            name: given[name] if process is None else process(given[name])
            for name, process in self._binds
        }
        return [bound[name] for name in self._positions]

    def read(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return rows of the driver as values of Python, by name of the column."""
        named = [dict(zip(self._names, row, strict=True)) for row in rows]
        for row in named:
            for name, process in self._results:
                row[name] = process(row[name])
        return named


def bind_processor(kind: Type, dialect: sa.Dialect) -> Processor | None:
    """Return the function that makes a value of a type the driver's value; None for none."""
    return kind.dialect_impl(dialect).bind_processor(dialect)
