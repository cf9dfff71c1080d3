"""Statements that are compiled once and kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

Statement = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete
Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
Type = sa.types.TypeEngine[Any]


class Prepared:
    """A statement that is compiled once for each engine and kept.

    SQLAlchemy hashes the tree of a statement each time that it is executed, which costs more than
    the statement itself. The caller flushes the session if the statement depends on it.

    Args:
        build: Returns the statement for a dialect. Its parameters are ``bindparam``, a list is
            :class:`~mercato_kit.lists.any_of`. Defaults of columns do not apply.
    """

    def __init__(self, build: Callable[[sa.Dialect], Statement]) -> None:
        self._build = build
        self._compiled: WeakKeyDictionary[sa.Dialect, _Compiled] = WeakKeyDictionary()

    def rows(self, connection: sa.Connection, values: Values) -> list[dict[str, Any]]:
        """Execute the statement once, and return its rows by name of the column."""
        compiled = self._for(connection.dialect, values)
        result = connection.exec_driver_sql(compiled.text, compiled.bind(values))
        return compiled.read(result.all()) if result.returns_rows else []

    def many(self, connection: sa.Connection, rows: Sequence[Values]) -> None:
        """Execute the statement for each of *rows*, which have values of the same names."""
        compiled = self._for(connection.dialect, rows[0])
        connection.exec_driver_sql(compiled.text, [compiled.bind(row) for row in rows])

    def _for(self, dialect: sa.Dialect, values: Values) -> "_Compiled":
        compiled = self._compiled.get(dialect)
        if compiled is None:
            compiled = _Compiled(self._build(dialect), dialect, list(values))
            self._compiled[dialect] = compiled
        return compiled


class _Compiled:
    """The text of a statement, and how its parameters and columns are converted."""

    def __init__(self, statement: Statement, dialect: sa.Dialect, names: list[str]) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self.text = str(compiled)
        self._binds = _processors(
            {name: bind_processor(bound.type, dialect) for name, bound in compiled.binds.items()}
        )
        constants = {
            name: value
            for name, value in compiled.params.items()
            if not compiled.binds[name].required
        }
        self._constants = _convert(constants, self._binds)
        self._positions = compiled.positiontup
        columns = statement.exported_columns
        self._names = [str(name) for name in columns.keys()]  # noqa: SIM118 - it is no dict
        self._results = _processors(
            {
                name: column.type.dialect_impl(dialect).result_processor(dialect, None)
                for name, column in zip(self._names, columns, strict=True)
            }
        )

    def bind(self, values: Values) -> Any:
        """Return the parameters of the driver."""
        bound = self._constants | _convert(values, self._binds)
        if self._positions is None:
            return bound
        return tuple(bound[name] for name in self._positions)

    def read(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        """Return rows of the driver as values of Python, by name of the column."""
        named = (dict(zip(self._names, row, strict=True)) for row in rows)
        return [_convert(row, self._results) for row in named]


def bind_processor(kind: Type, dialect: sa.Dialect) -> Processor | None:
    """Return the function that makes a value of a type the driver's value; None for none."""
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _processors(found: Mapping[str, Processor | None]) -> dict[str, Processor]:
    return {name: processor for name, processor in found.items() if processor is not None}


def _convert(values: Values, processors: Mapping[str, Processor]) -> dict[str, Any]:
    converted = dict(values)
    for name, processor in processors.items():
        if name in converted:
            converted[name] = processor(converted[name])
    return converted
