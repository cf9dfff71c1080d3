"""Statements that are compiled once and kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from mercato_kit import driver
from mercato_kit.driver import Row

AnyStatement = sa.Select[Any] | sa.CompoundSelect[Any] | sa.Insert | sa.Update | sa.Delete
Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
Type = sa.types.TypeEngine[Any]

_DIALECTS: Mapping[str, sa.Dialect] = {
    "postgresql": cast("Any", PGDialect_psycopg)(paramstyle="numeric_dollar"),
    "sqlite": SQLiteDialect_pysqlite(),
}


class Statement:
    """A statement as the text and the parameters that a driver takes.

    Args:
        statement: The statement; its parameters are ``bindparam("name")``.
        dialect: The name of the database: ``postgresql`` or ``sqlite``.
        names: The columns of an INSERT without values; their parameters have the same names.

    Attributes:
        names: The names of the columns of its rows.

    Raises:
        TypeError: A default in Python of a column would apply, which needs a value instead.
    """

    __slots__ = ("_constants", "_named", "_results", "dialect", "names", "text")

    def __init__(self, statement: AnyStatement, dialect: str, names: Sequence[str] = ()) -> None:
        self.dialect = dialect
        target = _DIALECTS[dialect]
        compiled = cast("Any", statement.compile(dialect=target, column_keys=names or None))
        if made := [*compiled.insert_prefetch, *compiled.update_prefetch]:
            raise TypeError(f"give a value for {', '.join(map(str, made))}: no default applies")
        # Lists of constants are written out, one parameter each.
        required = (bind.key for bind in compiled.binds.values() if bind.required)
        expanded = compiled.construct_expanded_state(dict.fromkeys(required))
        self.text: str = expanded.statement
        self._constants: list[Any] = []
        self._named: list[tuple[int, str, Processor | None]] = []
        for place, name in enumerate(expanded.positiontup or ()):
            bind = compiled.binds.get(name)
            process = (
                expanded.processors.get(name) if bind is None else bind_processor(bind.type, target)
            )
            value = expanded.parameters[name]
            self._constants.append(value if value is None or process is None else process(value))
            self._named.append((place, name, process))
        columns = statement.exported_columns
        self.names = tuple(map(str, columns.keys()))
        self._results = [
            (place, process)
            for place, column in enumerate(columns)
            if (process := column.type.dialect_impl(target).result_processor(target, None))
        ]

    def parameters(self, values: Values) -> list[Any]:
        """Return the parameters in their order; one that *values* lacks has its constant."""
        filled = self._constants.copy()
        for place, name, process in self._named:
            if name in values:
                value = values[name]
                filled[place] = value if value is None or process is None else process(value)
        return filled

    def converted(self, rows: list[Row]) -> list[Row]:
        """Return rows of the driver with values as the ORM gives them."""
        return [self._convert(row) for row in rows] if self._results else rows

    def _convert(self, row: Row) -> Row:
        values = list(row)
        for place, process in self._results:
            values[place] = process(values[place])
        return tuple(values)


class Prepared:
    """A statement that is compiled once for each database, and sent through the driver's cursor.

    SQLAlchemy hashes the tree of a statement each time that it is executed, which costs more than
    the statement itself. The caller flushes the session if the statement depends on it.

    Args:
        build: Returns the statement for a dialect. Its parameters are ``bindparam``, a list is
            :class:`~mercato_kit.lists.any_of`. It has a value for each column with a default.
    """

    def __init__(self, build: Callable[[sa.Dialect], AnyStatement]) -> None:
        self._build = build
        self._statements: dict[str, Statement] = {}

    def rows(self, connection: sa.Connection, values: Values) -> list[dict[str, Any]]:
        """Send the statement once, and return its rows by name of the column."""
        statement = self._for(connection.dialect, values)
        rows = driver.send(connection, statement.text, statement.parameters(values))
        return [dict(zip(statement.names, row, strict=True)) for row in statement.converted(rows)]

    def many(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        """Send the statement to SQLite for each of *rows*, which have the same names."""
        statement = self._for(connection.dialect, rows[0])
        driver.send_many(connection, statement.text, [statement.parameters(row) for row in rows])

    def _for(self, dialect: sa.Dialect, names: Iterable[str]) -> Statement:
        statement = self._statements.get(dialect.name)
        if statement is None:
            statement = Statement(self._build(dialect), dialect.name, list(names))
            self._statements[dialect.name] = statement
        return statement


def parameters_of(clause: Any) -> Iterator[str]:
    """Return the names of the parameters of *clause* that have no value."""
    for element in sa.sql.visitors.iterate(clause):
        if isinstance(element, sa.BindParameter) and element.required:
            yield str(element.key)


def bind_processor(kind: Type, dialect: sa.Dialect) -> Processor | None:
    """Return the function that makes a value of a type the driver's value; None for none."""
    return kind.dialect_impl(dialect).bind_processor(dialect)
