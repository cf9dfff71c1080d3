"""Connection and transaction settings of both databases."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from mercato_kit import later, sqlite
from mercato_kit.driver import is_unusable, send, watchers_of

_may_write: ContextVar[bool] = ContextVar("mercato_may_write", default=True)

_POSTGRESQL_SETTINGS: Mapping[str, str] = {
    "lock_timeout": "3s",
    "statement_timeout": "8s",
    "idle_in_transaction_session_timeout": "10s",
    "TimeZone": "UTC",
}

_SENT_BEFORE_PREPARED = 5
"""How often a connection is sent the text of a statement before the server keeps its plan."""

BEGIN_OF_READS = "mercato_begin_of_reads"
"""In the ``info`` of a connection: what a transaction of one read begins with, if it needs one."""


def may_write() -> bool:
    """Return whether a transaction that starts now may write."""
    return _may_write.get()


class reading:  # noqa: N801 - a context manager, used as a function
    """Makes transactions that start inside read-only (or writable, with ``only=False``)."""

    def __init__(self, *, only: bool = True) -> None:
        self._only = only

    def __enter__(self) -> None:
        """Begin."""
        self._token = _may_write.set(not self._only)

    def __exit__(self, *_: object) -> None:
        """Restore what was before."""
        _may_write.reset(self._token)


def engine_options(url: sa.URL, *, threads: int = 1) -> dict[str, Any]:
    """Return the ``create_engine`` options for *url*.

    Args:
        url: URL of the database.
        threads: Threads of this process that may need a connection at the same time.
    """
    # Errors are logged, and parameters may be secrets.
    hidden = {"hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        return {**sqlite.engine_options(threads), **hidden}
    return {
        "pool_size": threads,
        "max_overflow": 0,
        "pool_timeout": 5,
        "connect_args": connect_args(),
        **hidden,
    }


def connect_args() -> dict[str, Any]:
    """Return the arguments of psycopg's ``connect`` for any PostgreSQL server or pooler.

    Statements are prepared where :func:`prepare` finds no pooler: in transaction mode it may run
    each transaction on another connection, where a prepared statement does not exist.
    """
    return {"connect_timeout": 3, "prepare_threshold": None}


def prepare(
    engine: sa.Engine,
    settings: Mapping[str, str] = _POSTGRESQL_SETTINGS,
    *,
    keep_plans: bool = True,
) -> None:
    """Install the connection and transaction settings on *engine*. Opens no connection.

    On SQLite, the driver's own transaction handling is disabled, and every transaction that may
    write begins IMMEDIATE: two writers wait for each other at the start instead of failing later,
    those of this process in the order in which they came.
    A new SQLite file is readable by its owner only, and so are the files that SQLite adds.

    On PostgreSQL, every transaction has *settings*. They are sent with its BEGIN, as a pooler in
    transaction mode drops those of a connection. The server keeps the plans of statements that a
    connection sends often: planning one takes it longer than running it.

    Args:
        engine: The engine.
        settings: PostgreSQL's settings by name; by default, those of a request.
        keep_plans: Whether PostgreSQL keeps plans; without, where tables are changed.
    """
    watchers_of(engine).append(later.watch)
    sa.event.listen(engine, "before_cursor_execute", _watch)
    if engine.dialect.name == "sqlite":
        sqlite.prepare(engine, may_write)
    else:
        local = "".join(f"; SET LOCAL {name} = '{value}'" for name, value in settings.items())
        sa.event.listen(engine, "begin", lambda connection: _begin_postgresql(connection, local))
        sa.event.listen(engine, "handle_error", _notice_loss)
        if keep_plans:
            sa.event.listen(engine, "connect", _keep_plans)


def reading_engine(engine: sa.Engine) -> sa.Engine:
    """Return the engine for reads of one statement beside *engine*. Opens no connection.

    On PostgreSQL it is another engine: its connections begin no transactions, and are neither
    asked whether they are alive nor rolled back when they are returned. A thread uses a connection
    of one of the two engines at a time. On SQLite it is *engine* itself.
    """
    if engine.dialect.name == "sqlite":
        return engine
    reads = sa.create_engine(
        engine.url,
        isolation_level="AUTOCOMMIT",
        pool_size=size_of(engine.pool),
        max_overflow=0,
        pool_timeout=5,
        pool_use_lifo=True,
        pool_reset_on_return=None,
        connect_args=connect_args(),
        hide_parameters=True,
    )
    sa.event.listen(reads, "connect", _bound_reads)
    sa.event.listen(engine, "engine_disposed", lambda _: reads.dispose())
    return reads


def size_of(pool: sa.Pool) -> int:
    """Return how many connections *pool* keeps; 1 if it keeps none."""
    return pool.size() if isinstance(pool, sa.QueuePool) else 1


def _watch(_connection: object, _cursor: object, statement: str, *_arguments: object) -> None:
    later.watch(statement)


def lost_settings(engine: sa.Engine) -> dict[str, str]:
    """Begin a transaction, and return the settings of a request that it does not have.

    Returns:
        What the server says instead, by name. Empty on SQLite, where none is asked.
    """
    if engine.dialect.name == "sqlite":
        return {}
    asked = [sa.func.current_setting(name).label(name) for name in _POSTGRESQL_SETTINGS]
    with reading(), engine.connect() as connection:
        found = connection.execute(sa.select(*asked)).one()._asdict()
    return {name: value for name, value in found.items() if value != _POSTGRESQL_SETTINGS[name]}


def _begin_postgresql(connection: sa.Connection, local: str) -> None:
    if connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT":
        return
    # Connections that ended while they were idle are replaced; each can fail only once.
    for _ in range(size_of(connection.engine.pool)):
        try:
            _send_begin(connection, local)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        else:
            return
    _send_begin(connection, local)


def _notice_loss(context: sa.ExceptionContext) -> None:
    if context.connection is not None:
        context.is_disconnect |= is_unusable(context.dialect, context.original_exception)


def _send_begin(connection: sa.Connection, local: str) -> None:
    driver: Any = connection.connection.driver_connection
    # Otherwise psycopg would send a BEGIN of its own first.
    if not driver.autocommit:
        driver.autocommit = True
    level = driver.isolation_level
    isolation = f" ISOLATION LEVEL {level.name.replace('_', ' ')}" if level is not None else ""
    send(connection, f"BEGIN{isolation}{local}", None)


def _bound_reads(driver: Any, record: Any) -> None:
    """Give a connection the limits of reads; or, behind a pooler, say that each read needs them."""
    is_direct = _keep_plans(driver, record)
    scope = "" if is_direct else "LOCAL "
    limits = "; ".join(
        f"SET {scope}{name} = '{value}'" for name, value in _POSTGRESQL_SETTINGS.items()
    )
    if is_direct:
        driver.execute(limits, prepare=False)
    else:
        record.info[BEGIN_OF_READS] = f"BEGIN READ ONLY; {limits}"


def _keep_plans(driver: Any, _record: object) -> bool:
    """Let the server keep plans unless a pooler is between; return whether there is none.

    The process id that the connection was given when it began is the server's own, unless a pooler
    is between: that makes one up, and gives each transaction any connection to the server.
    """
    driver.autocommit = True
    (server,) = driver.execute("SELECT pg_backend_pid()").fetchone()
    is_direct: bool = server == driver.info.backend_pid
    if is_direct:
        driver.prepare_threshold = _SENT_BEFORE_PREPARED
    return is_direct
