"""Reads: SELECT statements that are compiled once, and sent through the driver's cursor.

A read is one statement, so it needs no transaction. Outside of a unit of work that may write it is
sent on a connection of its own engine, which has no transactions; inside, on the connection of the
session, so that it sees what was written.
"""

from collections.abc import Mapping
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session
from sqlalchemy.pool import PoolProxiedConnection

from mercato_kit import db, driver, transactions, work
from mercato_kit.contexts import get_app
from mercato_kit.driver import Row, watchers_of
from mercato_kit.prepared import Statement


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
        return driver.send(db.current_connection(), text, parameters)

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
            raise driver.wrapped(self.engine.dialect, error, text, None) from error
        try:
            return self._bounded(pooled, text, parameters)
        except self._error as error:
            wrapped = driver.wrapped(self.engine.dialect, error, text, pooled.driver_connection)
            if wrapped.connection_invalidated:
                pooled.invalidate(error)
            raise wrapped from error
        finally:
            pooled.close()

    def _bounded(
        self, pooled: PoolProxiedConnection, text: str, parameters: list[Any]
    ) -> list[Row]:
        begin = pooled.info.get(transactions.BEGIN_OF_READS)
        if begin is None:
            return driver.fetch(self.engine.dialect, pooled, text, parameters)
        connection: Any = pooled.driver_connection
        # A pooler drops the settings of a connection, so that they need a transaction.
        connection.execute(begin)
        try:
            return driver.fetch(self.engine.dialect, pooled, text, parameters)
        finally:
            # Also after an error, where it rolls back.
            connection.execute("COMMIT")


class Read:
    """A SELECT, or several in a UNION, that is compiled once, for plain rows.

    ::

        SESSION = Read(sa.select(User.email).where(User.id == sa.bindparam("user_id")))
        rows = SESSION.rows(user_id=claims.user_id)
    """

    def __init__(
        self, select: sa.Select[*tuple[Any, ...]] | sa.CompoundSelect[*tuple[Any, ...]]
    ) -> None:
        self._select = select
        self._statements: dict[str, Statement] = {}

    def rows(self, **values: Any) -> list[Row]:
        """Return the rows, with values as the ORM gives them."""
        here = reader()
        statement = self._statements.get(here.dialect)
        if statement is None:
            statement = self._statements[here.dialect] = Statement(self._select, here.dialect)
        return statement.converted(here.rows(statement, values))


def reader() -> Reader:
    """Return the reader of the current app."""
    extensions = get_app().extensions
    found = extensions.get("mercato_reader")
    if found is None:
        made = Reader(db.engine(), extensions["sqlalchemy"].session)
        found = extensions.setdefault("mercato_reader", made)
    return cast("Reader", found)
