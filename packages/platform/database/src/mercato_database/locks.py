"""The migration lock: one process at a time changes the tables of a database."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from mercato_kit.files import private

try:
    import fcntl
except ImportError:  # pragma: no cover - on Windows only SQLite's write lock protects migrations
    fcntl = None  # type: ignore[assignment]

_KEY = 0x6D65726361746F
"""The key of PostgreSQL's advisory lock for migrations: "mercato" in ASCII."""

# A transaction that waits in pg_advisory_xact_lock would hold a snapshot, so this is polled.
_TRY = f"SELECT pg_try_advisory_xact_lock({_KEY})"

_POLL_SECONDS = 0.2

_LONGEST_NAME = 63
"""PostgreSQL truncates ``application_name`` to this many characters."""

# pg_locks shows the two halves of the 64-bit key in classid and objid.

_HOLDER = sa.text(
    "SELECT application_name, state_change FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND classid = :high AND objid = :low"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds the lock.

    Args:
        name: The process and its machine, e.g. ``process 4711 on web-1``.
        since: The UTC time at which it took the lock, as text.
    """

    name: str
    since: str

    def __str__(self) -> str:
        return f"{self.name}, since {self.since}"


class LockHeldError(Exception):
    """Another process held the migration lock for longer than the wait."""


def process_name() -> str:
    """Return the name of this process for other processes: ``process 4711 on web-1``."""
    return f"process {os.getpid()} on {socket.gethostname()}"[:_LONGEST_NAME]


@contextmanager
def migration_lock(
    engine: sa.Engine, *, wait_seconds: float, on_progress: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock for creating, changing or purging the tables of a database.

    On PostgreSQL it is an advisory lock of a transaction that stays open, on SQLite a lock on a
    file beside the database. Either is released when the process ends, also if it is killed.

    Args:
        engine: An engine for the database.
        wait_seconds: How long to wait for another process that holds the lock.
        on_progress: Called once with a line that names the holder, if the lock is not free.

    Raises:
        LockHeldError: The lock was not free in time.
    """
    if engine.dialect.name == "postgresql":
        with _advisory_lock(engine, wait_seconds, on_progress):
            yield
    elif engine.url.database and engine.url.database != ":memory:" and fcntl is not None:
        with _file_lock(Path(f"{engine.url.database}.lock"), wait_seconds, on_progress):
            yield
    else:
        yield


@contextmanager
def _advisory_lock(
    engine: sa.Engine, wait_seconds: float, on_progress: Callable[[str], None]
) -> Iterator[None]:
    with engine.connect() as connection:
        _wait(
            lambda: _try_advisory_lock(connection),
            lambda: _advisory_holder(connection),
            wait_seconds,
            on_progress,
        )
        yield
        # An error if the connection was lost, and the lock with it.
        connection.commit()


def _try_advisory_lock(connection: sa.Connection) -> bool:
    """Take the lock for the transaction of *connection*, or end that transaction.

    A lock of the session would stay on the connection of a pooler when this process is killed.
    """
    # A CREATE INDEX CONCURRENTLY of a migration waits for every snapshot. A statement without
    # parameters leaves none: psycopg sends it in the simple protocol, which keeps no portal open.
    if connection.exec_driver_sql(_TRY).scalar():
        return True
    connection.rollback()
    return False


@contextmanager
def _file_lock(
    path: Path, wait_seconds: float, on_progress: Callable[[str], None]
) -> Iterator[None]:
    try:
        file = open(path, "a+", opener=private)  # noqa: SIM115 - closed below
    except OSError:
        # The folder does not exist: opening the database gives the better error.
        yield
        return
    with file:
        _wait(lambda: _try_lock(file), lambda: _file_holder(path), wait_seconds, on_progress)
        file.truncate(0)
        json.dump(
            {"name": process_name(), "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"}, file
        )
        file.flush()
        yield


def _try_lock(file: IO[str]) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _advisory_holder(connection: sa.Connection) -> Holder | None:
    key = {"high": _KEY >> 32, "low": _KEY & 0xFFFFFFFF}
    with connection.begin():
        row = connection.execute(_HOLDER, key).first()
    if row is None or not row.application_name:
        return None
    return Holder(row.application_name, f"{row.state_change.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}")


def _file_holder(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        # The other process has taken the lock, and has not written its name yet.
        return None


def _wait(
    take: Callable[[], bool],
    holder: Callable[[], Holder | None],
    wait_seconds: float,
    on_progress: Callable[[str], None],
) -> None:
    give_up_at = time.monotonic() + wait_seconds
    reported = False
    while not take():
        held = f"the migration lock, held by {holder() or 'another process'}"
        if time.monotonic() > give_up_at:
            raise LockHeldError(f"waited {wait_seconds:g} s for {held}")
        if not reported:
            on_progress(f"waiting for {held}")
            reported = True
        time.sleep(_POLL_SECONDS)
