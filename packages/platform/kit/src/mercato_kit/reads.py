"""Reads: SELECT statements that are compiled once, and sent through the driver's cursor.

A read is one statement, so it needs no transaction. Outside of a unit of work that may write it is
sent on a connection of its own engine, which has no transactions; inside, on the connection of the
session, so that it sees what was written.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.pool import PoolProxiedConnection

from mercato_kit import db, driver, transactions, work
from mercato_kit.driver import Row, watchers_of

_STALE_PLAN = ("0A000", "26000")
"""States of PostgreSQL: a plan has another result now, or there is no such plan."""

_POSTGRESQL: sa.Dialect = cast("Any", PGDialect_psycopg)(paramstyle="numeric_dollar")
_SQLITE = SQLiteDialect_pysqlite()


class Statement:
    """A SELECT as the text and the parameters that a driver takes.

    Args:
        select: The statement; its parameters are ``bindparam("name")``.
        dialect: The name of the database: ``postgresql`` or ``sqlite``.
    """

    __slots__ = ("_constants", "_named", "dialect", "text")

    def __init__(self, select: sa.Select[Any], dialect: str) -> None:
        self.dialect = dialect
        target = _SQLITE if dialect == "sqlite" else _POSTGRESQL
        compiled = select.compile(dialect=target)
        # Lists of constants are written out, one parameter each.
        expanded = compiled.construct_expanded_state(dict.fromkeys(parameters_of(select)))
        given = cast("Mapping[str, Callable[[Any], Any]]", expanded.processors)
        self.text = expanded.statement
        self._constants: list[Any] = []
        self._named: list[tuple[int, str, Callable[[Any], Any] | None]] = []
        for place, name in enumerate(expanded.positiontup or ()):
            bind = cast("Any", compiled).binds.get(name)
            process = _processor(bind.type, target) if bind is not None else given.get(name)
            value = expanded.parameters[name]
            self._constants.append(value if value is None or process is None else process(value))
            self._named.append((place, name, process))

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the parameters in their order; one that *values* lacks has its constant."""
        filled = self._constants.copy()
        for place, name, process in self._named:
            if name in values:
                value = values[name]
                filled[place] = value if value is None or process is None else process(value)
        return filled


class Reader:
    """Sends the reads of one engine.

    Args:
        engine: The engine of the app.
        session: The session of each request.

    Attributes:
        engine: The engine whose connections are used outside of units of work that may write.
        dialect: The name of the database: ``postgresql`` or ``sqlite``.
    """

    def __init__(self, engine: sa.Engine, session: scoped_session[Session]) -> None:
        self.dialect = engine.dialect.name
        self.engine = transactions.reading_engine(engine)
        self._session = session
        self._watchers = watchers_of(engine)
        self._error = driver.error_of(engine.dialect)

    def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[Row]:
        """Send *statement* and return its rows.

        Raises:
            DBAPIError: The database refused it, or the connection was lost twice.
        """
        parameters = statement.parameters(values)
        session = self._writing_session()
        if session is not None:
            return self._inside(session, statement.text, parameters)
        for watch in self._watchers:
            watch(statement.text)
        return self._alone(statement.text, parameters)

    def _writing_session(self) -> Session | None:
        """Return the session whose connection a read must use; None if it may use any."""
        if work.is_writing():
            return self._session()
        if self._session.registry.has():
            session = self._session()
            return session if session.in_transaction() else None
        return None

    def _inside(self, session: Session, text: str, parameters: list[Any]) -> list[Row]:
        if session.autoflush:
            session.flush()
        return driver.send(session.connection(), text, parameters)

    def _alone(self, text: str, parameters: list[Any]) -> list[Row]:
        # Connections that ended while they were idle are replaced; each can fail only once.
        for _ in range(transactions.size_of(self.engine.pool)):
            try:
                return self._once(text, parameters)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
        return self._once(text, parameters)

    def _once(self, text: str, parameters: list[Any]) -> list[Row]:
        try:
            pooled = self.engine.raw_connection()
        except self._error as error:
            raise self._wrapped(error, text, None) from error
        try:
            return self._bounded(pooled, text, parameters)
        except self._error as error:
            wrapped = self._wrapped(error, text, pooled.driver_connection)
            if wrapped.connection_invalidated:
                pooled.invalidate(error)
            raise wrapped from error
        finally:
            pooled.close()

    def _bounded(
        self, pooled: PoolProxiedConnection, text: str, parameters: list[Any]
    ) -> list[Row]:
        connection: Any = pooled.driver_connection
        begin = pooled.info.get(transactions.BEGIN_OF_READS)
        if begin is None:
            return driver.fetch(self.engine.dialect, connection, text, parameters)
        # A pooler drops the settings of a connection, so that they need a transaction.
        connection.execute(begin)
        try:
            return driver.fetch(self.engine.dialect, connection, text, parameters)
        finally:
            # Also after an error, where it rolls back.
            connection.execute("COMMIT")

    def _wrapped(self, error: Exception, text: str, connection: Any) -> DBAPIError:
        raised = driver.wrapped(self.engine.dialect, error, text, connection)
        # A prepared read does not survive another type of a column; a new connection prepares anew.
        if getattr(error, "sqlstate", None) in _STALE_PLAN:
            raised.connection_invalidated = True
        return raised


class Read:
    """A SELECT that is compiled once, for plain rows.

    ::

        SESSION = Read(sa.select(User.email).where(User.id == sa.bindparam("user_id")))
        rows = SESSION.rows(user_id=claims.user_id)
    """

    def __init__(self, select: sa.Select[*tuple[Any, ...]]) -> None:
        self._select = select
        self._ready: dict[str, tuple[Statement, list[tuple[int, Callable[[Any], Any]]]]] = {}

    def rows(self, **values: Any) -> list[Row]:
        """Return the rows, with values as the ORM gives them."""
        here = reader()
        statement, processors = self._ready.get(here.dialect) or self._prepare(here)
        found = here.rows(statement, values)
        return [_processed(row, processors) for row in found] if processors else found

    def _prepare(self, here: Reader) -> tuple[Statement, list[tuple[int, Callable[[Any], Any]]]]:
        dialect = here.engine.dialect
        columns = enumerate(self._select.selected_columns)
        made: list[tuple[int, Callable[[Any], Any] | None]] = [
            (place, column.type.dialect_impl(dialect).result_processor(dialect, None))
            for place, column in columns
        ]
        processors = [(place, process) for place, process in made if process is not None]
        ready = Statement(self._select, here.dialect), processors
        return self._ready.setdefault(here.dialect, ready)


def reader() -> Reader:
    """Return the reader of the current app."""
    extensions = current_app.extensions
    found = extensions.get("mercato_reader")
    if found is None:
        made = Reader(db.engine(), extensions["sqlalchemy"].session)
        found = extensions.setdefault("mercato_reader", made)
    return cast("Reader", found)


def parameters_of(clause: Any) -> Iterator[str]:
    """Return the names of the parameters of *clause* that have no value."""
    for element in sa.sql.visitors.iterate(clause):
        if isinstance(element, sa.BindParameter) and element.required:
            yield str(element.key)


def _processor(kind: Any, dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    process: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return process


def _processed(row: Row, processors: list[tuple[int, Callable[[Any], Any]]]) -> Row:
    values = list(row)
    for place, process in processors:
        values[place] = process(values[place])
    return tuple(values)
