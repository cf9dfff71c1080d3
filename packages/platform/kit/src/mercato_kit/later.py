"""Rows that are not read back: they are written at the end of the unit of work, together.

On PostgreSQL they are one statement, whatever the number of tables and rows; on SQLite, one for
each table.
"""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache, partial
from itertools import groupby
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction

from mercato_kit.lists import Rows
from mercato_kit.prepared import Prepared

_STATEMENTS_KEPT = 200
"""More than the combinations of tables that units of work write; each is a few kilobytes."""

Row = Mapping[str, Any]


class _Target(NamedTuple):
    """A model, and those of its attributes that rows have a value for."""

    model: type[DeclarativeBase]
    attributes: tuple[str, ...]

    @property
    def table(self) -> sa.Table:
        """The table of the model."""
        return cast("sa.Table", self.model.__table__)

    @property
    def columns(self) -> dict[str, sa.Column[Any]]:
        """The columns by attribute."""
        columns = _columns_of(self.model)
        return {attribute: columns[attribute] for attribute in self.attributes}


Pending = Mapping[_Target, list[Row]]


@dataclass(slots=True)
class _Unit:
    """A unit of work: its connection, and the rows to write.

    Args:
        connect: Returns the connection.
        rows: The rows to write.
        savepoints: The rows that were to be written when each savepoint began.
        connection: What was returned last; None if it must be asked for again.
    """

    connect: Callable[[], sa.Connection]
    rows: dict[_Target, list[Row]] = field(default_factory=dict)
    savepoints: dict[SessionTransaction, Pending] = field(default_factory=dict)
    connection: sa.Connection | None = None

    def connected(self) -> sa.Connection:
        """Return the connection; the session looks for it only once in a transaction."""
        if self.connection is None or self.connection.closed:
            self.connection = self.connect()
        return self.connection

    def take(self) -> Pending:
        """Return the rows to write; then there are none."""
        rows = dict(self.rows)
        self.rows.clear()
        return rows


_unit: ContextVar[_Unit | None] = ContextVar("mercato_later", default=None)


def later(model: type[DeclarativeBase], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Insert rows at the end of the unit of work.

    A statement that names the table writes them before it runs, so that it finds them. The
    rollback of a savepoint (``session.begin_nested()``) drops those that were handed over after it.
    The rows that they refer to have been flushed, or were handed over before. A constraint that
    refuses a row does it at the end, as a 409 without a name: if the refusal means something,
    insert the row with :func:`mercato_kit.db.refuse` instead.

    Args:
        model: The model. Its defaults in Python apply.
        rows: Values by attribute of the model.

    Returns:
        The rows with the defaults.

    Raises:
        RuntimeError: There is no unit of work.
    """
    unit = _unit.get()
    if unit is None:
        raise RuntimeError("later() needs a unit of work, which writes the rows when it ends")
    complete = [with_defaults(model, row) for row in rows]
    for attributes, alike in groupby(complete, key=tuple):
        unit.rows.setdefault(_Target(model, attributes), []).extend(alike)
    return complete


def with_defaults(model: type[DeclarativeBase], row: Row) -> dict[str, Any]:
    """Return a row with the defaults of its model, by attribute.

    An attribute without value and default is None, unless the database has a default for it.

    Raises:
        TypeError: The model has no such attribute.
    """
    defaults = _defaults_of(model)
    known = _columns_of(model).keys()
    if not row.keys() <= known:
        raise TypeError(f"{model.__name__} has no column {', '.join(sorted(row.keys() - known))}")
    complete = {**defaults.values, **row}
    for attribute, make in defaults.made:
        if attribute not in row:
            complete[attribute] = make()
    return complete


def by_column(model: type[DeclarativeBase], row: Row) -> dict[str, Any]:
    """Return a row by name of the column instead of the attribute."""
    columns = _columns_of(model)
    return {columns[attribute].name: value for attribute, value in row.items()}


def write(last: sa.Update | None = None, values: Row | None = None) -> None:
    """Write the pending rows of the unit of work, and after them *last*.

    The caller has flushed the session.

    Args:
        last: A statement that is kept as long as the process, with ``bindparam`` for values.
        values: The values of *last*.

    Raises:
        RuntimeError: There is no unit of work.
    """
    unit = _unit.get()
    if unit is None:
        raise RuntimeError("there is no unit of work")
    if not unit.rows and last is None:
        return
    rows, connection = unit.take(), unit.connected()
    if connection.dialect.name == "sqlite":
        _write_each(connection, rows, last, values or {})
    else:
        _write_at_once(connection, rows, last, values or {})


def watch(statement: str) -> None:
    """Write the pending rows if *statement*, which is sent next, names a table of them."""
    unit = _unit.get()
    if unit is not None and unit.rows and _names_one(statement, unit.rows):
        write()


def pending() -> bool:
    """Return whether the unit of work has rows to write."""
    unit = _unit.get()
    return unit is not None and bool(unit.rows)


def current_connection() -> sa.Connection | None:
    """Return the connection of the unit of work; None if there is no unit."""
    unit = _unit.get()
    return None if unit is None else unit.connected()


def begin(connect: Callable[[], sa.Connection]) -> None:
    """Begin a unit of work without pending rows, whose connection *connect* returns."""
    _unit.set(_Unit(connect))


def end() -> None:
    """End the unit of work; rows that are still pending are dropped."""
    _unit.set(None)


@sa.event.listens_for(Session, "after_transaction_create")
def _remember(_session: Session, transaction: SessionTransaction) -> None:
    """Remember what is to be written when a savepoint begins."""
    unit = _unit.get()
    if unit is not None and transaction.nested:
        # The session begins the savepoint when it is asked for the connection.
        unit.connection = None
        unit.savepoints[transaction] = {target: [*rows] for target, rows in unit.rows.items()}


@sa.event.listens_for(Session, "after_soft_rollback")
def _restore(_session: Session, transaction: SessionTransaction) -> None:
    """Restore it when the savepoint is rolled back: what was written since is undone."""
    unit = _unit.get()
    if unit is not None and transaction in unit.savepoints:
        unit.rows.clear()
        unit.rows.update(unit.savepoints.pop(transaction))


def _names_one(statement: str, targets: Iterable[_Target]) -> bool:
    return any(target.table.name in statement for target in targets)


def _write_each(
    connection: sa.Connection, pending: Pending, last: sa.Update | None, values: Row
) -> None:
    for target, rows in pending.items():
        _insert(target).many(connection, [by_column(target.model, row) for row in rows])
    if last is not None:
        _alone(last).rows(connection, values)


def _write_at_once(
    connection: sa.Connection, pending: Pending, last: sa.Update | None, values: Row
) -> None:
    together = _together(last, tuple(pending))
    inserted = {
        source.name: source.dump(rows, connection.dialect)
        for source, rows in zip(together.sources, pending.values(), strict=True)
    }
    together.statement.rows(connection, {**inserted, **values})


@cache
def _columns_of(model: type[DeclarativeBase]) -> Mapping[str, sa.Column[Any]]:
    """Return the columns of a model by attribute."""
    attributes = sa.inspect(model).column_attrs
    return {each.key: cast("sa.Column[Any]", each.columns[0]) for each in attributes}


@dataclass(frozen=True, slots=True)
class _Defaults:
    """The defaults of a model.

    Args:
        values: The default of each attribute by name; None where it is made, and for one without.
            An attribute whose default the database makes is not in it.
        made: The attributes whose default is made for each row, and the functions that do it.
    """

    values: Mapping[str, Any]
    made: tuple[tuple[str, Callable[[], Any]], ...]


@cache
def _defaults_of(model: type[DeclarativeBase]) -> _Defaults:
    columns = _columns_of(model).items()
    values = {key: _value_of(column) for key, column in columns if not _has_own(column)}
    made = (
        (key, partial(cast("Any", column.default).arg, None))
        for key, column in columns
        if column.default is not None and column.default.is_callable
    )
    return _Defaults(values, tuple(made))


def _has_own(column: sa.Column[Any]) -> bool:
    """Return whether the database makes the default."""
    return column.default is None and column.server_default is not None


def _value_of(column: sa.Column[Any]) -> Any:
    default: Any = column.default
    if default is None or default.is_callable:
        return None
    if not default.is_scalar:
        raise TypeError(f"{column}: later() has only defaults that Python makes")
    return default.arg


@dataclass(frozen=True, slots=True)
class _Together:
    """The statement that writes several tables, and the parameters that have the rows."""

    statement: Prepared
    sources: tuple[Rows, ...]


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _together(last: sa.Update | None, targets: tuple[_Target, ...]) -> _Together:
    """Return one statement for *targets* and *last*: an INSERT for each table is a part of it."""
    sources = tuple(
        Rows(f"rows{number}", {name: column.type for name, column in target.columns.items()})
        for number, target in enumerate(targets)
    )

    def build(dialect: sa.Dialect) -> sa.Update | sa.Select[Any]:
        inserts = (
            sa.insert(target.table)
            .from_select(
                list(target.columns.values()),
                # The columns are in the same order; their names again would double the text.
                sa.select(sa.literal_column("*")).select_from(source.table(dialect)),
                include_defaults=False,
            )
            .cte(f"insert{number}")
            for number, (target, source) in enumerate(zip(targets, sources, strict=True))
        )
        if last is None:
            return sa.select(sa.literal_column("1")).add_cte(*inserts)
        return last.add_cte(*inserts)

    return _Together(Prepared(build), sources)


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _insert(target: _Target) -> Prepared:
    return Prepared(lambda _: sa.insert(target.table))


@lru_cache(maxsize=_STATEMENTS_KEPT)
def _alone(last: sa.Update) -> Prepared:
    return Prepared(lambda _: last)
