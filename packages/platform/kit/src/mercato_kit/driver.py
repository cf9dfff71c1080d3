"""Statements through the cursor of the driver, which costs half of SQLAlchemy's."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import PoolProxiedConnection

T = TypeVar("T")
Row = tuple[Any, ...]
Watcher = Callable[[str], object]

_CURSOR = "mercato_cursor"
"""In the ``info`` of a connection to PostgreSQL: the cursor of its statements."""

_NO_SUCH_STATEMENT = "26000"
_NOT_SUPPORTED = "0A000"
_CHECK_OF_PLANS = "RevalidateCachedQuery"
"""The function of PostgreSQL that refuses a plan which no longer fits its tables."""

_watchers: WeakKeyDictionary[sa.Engine, list[Watcher]] = WeakKeyDictionary()


def watchers_of(engine: sa.Engine) -> list[Watcher]:
    """Return the functions that are called with the text of each statement before it is sent.

    Append one to watch the statements of *engine*: they are no events of SQLAlchemy.
    """
    return _watchers.setdefault(engine, [])


def send(connection: sa.Connection, text: str, parameters: Any) -> list[Row]:
    """Send a statement in the transaction of *connection*, and return its rows.

    Args:
        connection: The connection.
        text: The statement; its parameters are ``$1`` on PostgreSQL and ``?`` on SQLite.
        parameters: The values in their order; None if it is several statements.

    Raises:
        DBAPIError: The database refused it, or the connection was lost.
    """
    dialect = connection.dialect
    return _sent(connection, text, lambda pooled: fetch(dialect, pooled, text, parameters))


def send_many(connection: sa.Connection, text: str, rows: Sequence[Any]) -> None:
    """Send a statement for each of *rows* to SQLite, in the transaction of *connection*.

    Raises:
        DBAPIError: The database refused it, or the connection was lost.
    """
    _sent(connection, text, lambda pooled: pooled.cursor().executemany(text, rows))


def _sent(connection: sa.Connection, text: str, execute: Callable[[PoolProxiedConnection], T]) -> T:
    for watch in _watchers.get(connection.engine, ()):
        watch(text)
    pooled = connection.connection
    try:
        return execute(pooled)
    except error_of(connection.dialect) as error:
        raised = wrapped(connection.dialect, error, text, pooled.driver_connection)
        if raised.connection_invalidated:
            connection.invalidate(error)
        raise raised from error


def fetch(
    dialect: sa.Dialect, pooled: PoolProxiedConnection, text: str, parameters: Any
) -> list[Row]:
    """Return the rows of a statement on a connection of a pool; none if it returns none."""
    driver: Any = pooled.driver_connection
    if dialect.name == "sqlite":
        return cast("list[Row]", driver.execute(text, parameters).fetchall())
    cursor = pooled.info.get(_CURSOR)
    if cursor is None:
        # To make one takes half as long as to execute a statement.
        cursor = pooled.info[_CURSOR] = cast("Any", dialect.loaded_dbapi).RawCursor(driver)
    # Several statements cannot be prepared.
    cursor.execute(text, parameters, prepare=False if parameters is None else None)
    # The cursor's description would be made for each column, which costs as much as the rows.
    return cast("list[Row]", cursor.fetchall()) if cursor.pgresult.nfields else []


def error_of(dialect: sa.Dialect) -> type[Exception]:
    """Return the class of the driver's errors."""
    return cast("type[Exception]", cast("Any", dialect.loaded_dbapi).Error)


def wrapped(dialect: sa.Dialect, error: Exception, text: str, driver: Any) -> DBAPIError:
    """Return SQLAlchemy's error for an error of the driver."""
    lost = driver is not None and (
        is_unusable(dialect, error) or dialect.is_disconnect(cast("Any", error), driver, None)
    )
    return cast(
        "DBAPIError",
        DBAPIError.instance(
            text,
            None,
            error,
            error_of(dialect),
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=dialect,
        ),
    )


def is_unusable(dialect: sa.Dialect, error: BaseException) -> bool:
    """Return whether an error of an open connection to PostgreSQL says to make another one.

    psycopg can see that the socket is closed before libpq calls the connection bad, which is what
    SQLAlchemy asks; errors of the server have an SQLSTATE. A prepared statement does not survive
    another type of a column; a new connection prepares anew.
    """
    if dialect.name != "postgresql":
        return False
    from_client = isinstance(error, cast("Any", dialect.loaded_dbapi).OperationalError)
    return is_stale_plan(error) or (from_client and getattr(error, "sqlstate", None) is None)


def is_stale_plan(error: BaseException | None) -> bool:
    """Return whether a prepared statement no longer fits its tables, or is not there.

    PostgreSQL has no state of its own for the first: 0A000 also says that it does not support a
    statement, which another attempt does not change. The name of a function is not translated.
    """
    state = getattr(error, "sqlstate", None)
    if state != _NOT_SUPPORTED:
        return state == _NO_SUCH_STATEMENT
    raised_in: str | None = cast("Any", error).diag.source_function
    return raised_in == _CHECK_OF_PLANS
