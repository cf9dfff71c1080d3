"""SQLite: how connections open and begin, the write lock of a process, and forks."""

import os
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from mercato_kit.files import private

BUSY_SECONDS = 15
"""How long a transaction that writes waits for others that write."""

_PRAGMAS = (
    f"busy_timeout = {BUSY_SECONDS * 1000}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "journal_size_limit = 67108864",
    # 8 MB. The rows of one list fill the usual 2 MB, and the next request would read them again.
    "cache_size = -8000",
)

_creating = Lock()


class FairLock:
    """A lock that threads get in the order in which they asked for it."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._held = False
        self._turns: deque[Lock] = deque()

    def acquire(self, timeout: float) -> bool:
        """Wait for the lock, at most *timeout* seconds; return whether it was acquired."""
        with self._mutex:
            if not self._held:
                self._held = True
                return True
            if timeout <= 0:
                return False
            turn = Lock()
            turn.acquire()
            self._turns.append(turn)
        try:
            acquired = turn.acquire(timeout=timeout)
        except BaseException:
            if not self._leave(turn):
                self.release()
            raise
        return acquired or not self._leave(turn)

    def release(self) -> None:
        """Hand the lock to the thread that has waited longest."""
        with self._mutex:
            if self._turns:
                self._turns.popleft().release()
            else:
                self._held = False

    def _leave(self, turn: Lock) -> bool:
        """Stop waiting; return False if the lock was handed over in the meantime."""
        with self._mutex:
            with suppress(ValueError):
                self._turns.remove(turn)
                return True
            return False


class Connection(sqlite3.Connection):
    """A connection that holds a lock of its engine while its transaction may write."""

    _lock: FairLock | None = None

    def take(self, lock: FairLock) -> None:
        """Acquire *lock* for the next transaction.

        Raises:
            sqlite3.OperationalError: SQLITE_BUSY: it was not free within ``busy_timeout``.
        """
        if not (lock.acquire(0) or lock.acquire(self._busy_seconds())):
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        self._lock = lock

    def commit(self) -> None:
        """Commit; a COMMIT that fails keeps the lock, as its transaction stays open."""
        try:
            super().commit()
        finally:
            self.release()

    def rollback(self) -> None:
        """Roll back, and release the lock."""
        try:
            super().rollback()
        finally:
            self.release()

    def close(self) -> None:
        """Close, which rolls back, and release the lock."""
        try:
            super().close()
        finally:
            self._release()

    def __del__(self) -> None:
        """Close, without the ResourceWarning of Python 3.13: a pool closes nothing at its end."""
        # One whose file could not be opened refuses to be closed.
        with suppress(sqlite3.ProgrammingError):
            self.close()

    def release(self) -> None:
        """Release the lock, unless a transaction is open."""
        if self._lock is not None and not self.in_transaction:
            self._release()

    def _release(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()

    def _busy_seconds(self) -> float:
        milliseconds: int = self.execute("PRAGMA busy_timeout").fetchone()[0]
        return milliseconds / 1000


_locks: WeakKeyDictionary[sa.Engine, FairLock] = WeakKeyDictionary()
"""The lock of each engine; SQLite's own has no order, and writers that wait for it poll."""


def engine_options(threads: int) -> dict[str, Any]:
    """Return the ``create_engine`` options of an engine for *threads* threads."""
    return {
        "poolclass": sa.pool.QueuePool,
        "pool_size": threads,
        "max_overflow": 0,
        "pool_timeout": BUSY_SECONDS,
        # The connection that was used last has the most pages in its cache.
        "pool_use_lifo": True,
    }


def prepare(engine: sa.Engine, may_write: Callable[[], bool]) -> None:
    """Install the settings of connections and transactions on *engine*.

    Args:
        engine: The engine.
        may_write: Returns whether a transaction that starts now may write.
    """
    lock = _locks[engine] = FairLock()
    file = engine.url.database or ""

    def begin(connection: sa.Connection) -> None:
        if may_write():
            _begin_to_write(connection, lock)
        else:
            connection.exec_driver_sql("BEGIN")

    def connect(connection: Any, record: Any) -> None:
        _set_up(connection)
        record.info["file"] = _inode(file)

    def check_out(_connection: object, record: Any, _proxy: object) -> None:
        if record.info["file"] != _inode(file):
            raise sa.exc.DisconnectionError("the file was replaced")

    sa.event.listen(engine, "do_connect", _create)
    sa.event.listen(engine, "connect", connect)
    sa.event.listen(engine, "checkout", check_out)
    sa.event.listen(engine, "begin", begin)


def _create(_dialect: object, _record: object, arguments: Any, options: Any) -> None:
    """Create the file for its owner only, and choose the class of the connection."""
    options["factory"] = Connection
    file = str(arguments[0])
    if file in ("", ":memory:"):
        return
    # To close a file drops the locks that all connections of this process have on it, and another
    # process could remove the log that they write to. So only a file that is new is opened.
    with _creating:
        if not Path(file).exists():
            # If it cannot be created, connecting raises the better error.
            with suppress(OSError):
                os.close(private(file, os.O_RDONLY))


def _set_up(connection: Any) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _inode(file: str) -> tuple[int, int] | None:
    """Return what a file is known by; None if there is none, as for a database in memory."""
    try:
        found = os.stat(file)  # noqa: PTH116 - at every transaction
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _begin_to_write(connection: sa.Connection, lock: FairLock) -> None:
    driver: Any = connection.connection.driver_connection
    statement = "BEGIN IMMEDIATE"
    try:
        driver.take(lock)
    except sqlite3.OperationalError as error:
        raise sa.exc.OperationalError(statement, None, error) from error
    try:
        connection.exec_driver_sql(statement)
    finally:
        driver.release()


def _close_idle() -> None:
    """Close idle connections before a fork: the child must neither use nor close them."""
    for engine in list(_locks):
        engine.dispose()


os.register_at_fork(before=_close_idle)
