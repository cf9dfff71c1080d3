"""One at a time: whoever starts a deployment twice at once migrates it once."""

import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

_KEY = 0x6D65726361746F
"""The advisory lock of PostgreSQL that migrations hold: "mercato" in ASCII."""

_POLL_SECONDS = 0.2


class LockHeldError(Exception):
    """Somebody else migrates the same database, and does not end."""


@contextmanager
def one_at_a_time(
    engine: sa.Engine, *, wait_seconds: float, on_progress: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock on migrations of a database.

    PostgreSQL is asked again and again: a session that waits inside ``pg_advisory_lock`` would
    keep ``CREATE INDEX CONCURRENTLY`` waiting for ever. SQLite has one write lock, which every
    history's transaction takes at its start.

    Args:
        engine: To the database.
        wait_seconds: How long to wait for somebody else.
        on_progress: Told once that it waits.

    Raises:
        LockHeldError: It was not free in time.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _wait(connection, wait_seconds, on_progress)
        try:
            yield
        finally:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(_KEY)))


def _wait(
    connection: sa.Connection, wait_seconds: float, on_progress: Callable[[str], None]
) -> None:
    give_up_at = time.monotonic() + wait_seconds
    told = False
    while not connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_KEY))):
        if time.monotonic() > give_up_at:
            raise LockHeldError(f"another process migrates this database for {wait_seconds:g} s")
        if not told:
            on_progress("waiting for another process that migrates this database")
            told = True
        time.sleep(_POLL_SECONDS)
