"""One at a time: whoever starts a deployment twice at once migrates it once."""

import json
import os
import socket
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; there SQLite's write lock is left
    fcntl = None  # type: ignore[assignment]

_KEY = 0x6D65726361746F
"""The advisory lock of PostgreSQL that migrations hold: "mercato" in ASCII."""

_POLL_SECONDS = 0.2

_LONGEST_NAME = 63
"""Characters of an application's name that PostgreSQL keeps."""

_HOLDER = sa.text(
    "SELECT application_name, state_change FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND classid = :high AND objid = :low"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock: a process, its machine, and since when."""

    name: str
    since: str

    def __str__(self) -> str:
        return f"{self.name}, since {self.since}"


class LockHeldError(Exception):
    """Somebody else migrates the same database, and does not end."""


def who_am_i() -> str:
    """Name this process for others: ``process 4711 on web-1``."""
    return f"process {os.getpid()} on {socket.gethostname()}"[:_LONGEST_NAME]


@contextmanager
def one_at_a_time(
    engine: sa.Engine, *, wait_seconds: float, on_progress: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock on the tables of a database: nobody else makes, changes or purges any.

    PostgreSQL is asked again and again: a session that waits inside ``pg_advisory_lock`` would
    keep ``CREATE INDEX CONCURRENTLY`` waiting for ever. For SQLite it is a lock on a file beside
    the database. Both end with the process, however it ends.

    Args:
        engine: To the database.
        wait_seconds: How long to wait for somebody else.
        on_progress: Told once that it waits, and for whom.

    Raises:
        LockHeldError: It was not free in time.
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
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _wait(
            lambda: bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_KEY)))),
            lambda: _advisory_holder(connection),
            wait_seconds,
            on_progress,
        )
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_KEY)))


@contextmanager
def _file_lock(
    path: Path, wait_seconds: float, on_progress: Callable[[str], None]
) -> Iterator[None]:
    try:
        file = path.open("a+")
    except OSError:
        # There is no such folder: opening the database says so better.
        yield
        return
    with file:
        _wait(lambda: _try_lock(file), lambda: _file_holder(path), wait_seconds, on_progress)
        file.truncate(0)
        json.dump({"name": who_am_i(), "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"}, file)
        file.flush()
        yield


def _try_lock(file: IO[str]) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _advisory_holder(connection: sa.Connection) -> Holder | None:
    key = {"high": _KEY >> 32, "low": _KEY & 0xFFFFFFFF}
    row = connection.execute(_HOLDER, key).first()
    if row is None or not row.application_name:
        return None
    return Holder(row.application_name, f"{row.state_change.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}")


def _file_holder(path: Path) -> Holder | None:
    try:
        return Holder(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        # It took the lock this moment, and has not said yet who it is.
        return None


def _wait(
    take: Callable[[], bool],
    holder: Callable[[], Holder | None],
    wait_seconds: float,
    on_progress: Callable[[str], None],
) -> None:
    give_up_at = time.monotonic() + wait_seconds
    told = False
    while not take():
        if time.monotonic() > give_up_at:
            who = holder() or "another process"
            raise LockHeldError(f"{who} migrates this database; waited {wait_seconds:g} s for it")
        if not told:
            on_progress(f"waiting for {holder() or 'another process'} that migrates this database")
            told = True
        time.sleep(_POLL_SECONDS)
