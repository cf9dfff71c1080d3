"""Connection and transaction settings of both databases."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa

from mercato_kit.files import private

_may_write: ContextVar[bool] = ContextVar("mercato_may_write", default=True)

_SQLITE_PRAGMAS = (
    "busy_timeout = 15000",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "journal_size_limit = 67108864",
)

_POSTGRESQL_SETTINGS = {
    "lock_timeout": "3s",
    "statement_timeout": "8s",
    "idle_in_transaction_session_timeout": "10s",
    "timezone": "UTC",
}


def may_write() -> bool:
    """Return whether a transaction that starts now may write."""
    return _may_write.get()


@contextmanager
def reading(*, only: bool = True) -> Iterator[None]:
    """Make transactions that start inside read-only (or writable, with ``only=False``)."""
    token = _may_write.set(not only)
    try:
        yield
    finally:
        _may_write.reset(token)


def engine_options(url: sa.URL, *, threads: int = 1) -> dict[str, Any]:
    """Return the ``create_engine`` options for *url*.

    Args:
        url: URL of the database.
        threads: Threads of this process that may need a connection at the same time.
    """
    if url.get_backend_name() == "sqlite":
        return {"poolclass": sa.pool.NullPool}
    settings = " ".join(f"-c {name}={value}" for name, value in _POSTGRESQL_SETTINGS.items())
    return {
        "pool_pre_ping": True,
        "pool_size": threads,
        "max_overflow": 0,
        "pool_timeout": 5,
        "connect_args": {"connect_timeout": 3, "options": settings},
    }


def prepare(engine: sa.Engine) -> None:
    """Install the connection and transaction settings on *engine*. Opens no connection.

    On SQLite, the driver's own transaction handling is disabled, and every transaction that may
    write begins IMMEDIATE: two writers wait for each other at the start instead of failing later.
    A new SQLite file is readable by its owner only, and so are the files that SQLite adds.
    """
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "do_connect", _create_sqlite)
        sa.event.listen(engine, "connect", _connect_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)


def _create_sqlite(_dialect: object, _record: object, arguments: Any, _options: object) -> None:
    file = str(arguments[0])
    if file in ("", ":memory:"):
        return
    # If it cannot be created, connecting raises the better error.
    with suppress(OSError):
        os.close(private(file, os.O_RDONLY))


def _connect_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if may_write() else "BEGIN")
