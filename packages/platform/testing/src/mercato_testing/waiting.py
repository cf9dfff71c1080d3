"""Wait in a transaction until another one waits for it."""

import time
from concurrent.futures import Future
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import session

_SECONDS = 10
_WAITING = sa.text(
    "SELECT count(*) FROM pg_locks"
    " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


def wait_for_blocked_transaction(other: Future[Any]) -> None:
    """Wait until a transaction waits for a lock of this one, or *other* has ended.

    SQLite has one writer, so there a later transaction has not even started.

    Raises:
        TimeoutError: Nothing has waited within 10 seconds.
    """
    if session.get_bind().dialect.name == "sqlite":
        return
    give_up_at = time.monotonic() + _SECONDS
    while not session.scalar(_WAITING) and not other.done():
        if time.monotonic() > give_up_at:
            raise TimeoutError("no transaction waited")
        time.sleep(0.01)
