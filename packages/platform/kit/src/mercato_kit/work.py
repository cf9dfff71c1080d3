"""The unit of work: one transaction around each request, command and job.

Returning commits, raising rolls back. Features never call ``commit``.
"""

import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    TimeoutError as PoolTimeout,
)
from sqlalchemy.orm.exc import StaleDataError

from mercato_kit import later, transactions
from mercato_kit.db import constraint_of, current_session, session
from mercato_kit.driver import is_stale_plan
from mercato_kit.errors import Conflict, FieldError, Invalid, Problem, StaleVersion, Unavailable

T = TypeVar("T")
C = TypeVar("C", bound=Callable[..., object])

ATTEMPTS = 5
RETRY_SECONDS = 3.0
"""Limits of retries of a unit of work: number of attempts, and total time."""

_SERIALIZATION_FAILURE = "40001"
_DEADLOCK_DETECTED = "40P01"
_LOCK_NOT_AVAILABLE = "55P03"
_STATEMENT_TIMEOUT = "57014"
_SHUTTING_DOWN = ("57P01", "57P02", "57P03", "57P05")
_IDLE_TOO_LONG = ("25P03", "25P04")
_BUSY = {_LOCK_NOT_AVAILABLE, _STATEMENT_TIMEOUT, *_SHUTTING_DOWN, *_IDLE_TOO_LONG}
_CONNECTION, _RESOURCES = "08", "53"
_BUSY_CLASSES = (_CONNECTION, _RESOURCES)
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_running: ContextVar[bool] = ContextVar("mercato_unit_of_work", default=False)
_after_commit: ContextVar[list[Callable[[], object]]] = ContextVar("mercato_after_commit")
_log = logging.getLogger(__name__)


def run(step: Callable[[], T], *, read_only: bool = False, safe_to_repeat: bool = False) -> T:
    """Run *step* in one transaction: commit when it returns, roll back when it raises.

    Inside another unit of work, *step* joins it. A step that PostgreSQL aborted because of a
    deadlock, a serialization failure or a plan that no longer fits its tables is retried from its
    start, so it must not have effects outside of the database.

    Args:
        step: The work. May run more than once.
        read_only: On SQLite, do not take the write lock.
        safe_to_repeat: Also retry after a lost connection, although the commit may have happened.
            Only for work under an idempotency key.

    Raises:
        Problem: A problem of *step*; or Unavailable (503), Conflict (409), StaleVersion (412),
            Invalid (422) for an error of the database.
    """
    if _running.get():
        return step()
    token = _running.set(True)
    try:
        with transactions.reading(only=read_only):
            return _run_with_retries(step, safe_to_repeat=safe_to_repeat)
    finally:
        later.end()
        _running.reset(token)


def in_steps(command: C) -> C:
    """Mark a command of a feature, or a step of :func:`run_each`, that runs its own units of work.

    Every other one runs in one, which is too long for work on all rows of a table, or on other
    machines.
    """
    vars(command)["runs_units_of_work"] = True
    return command


def is_in_steps(command: Callable[..., object]) -> bool:
    """Return whether a command, or a step, runs its own units of work."""
    return "runs_units_of_work" in vars(command)


def is_writing() -> bool:
    """Return whether a unit of work that may write is running."""
    return _running.get() and transactions.may_write()


def require_none(caller: str) -> None:
    """Check that no unit of work is running.

    Args:
        caller: What needs that, for the message.

    Raises:
        RuntimeError: One is running.
    """
    if _running.get():
        raise RuntimeError(f"{caller} must not be called in a unit of work: it commits its own")


def after_commit(function: Callable[[], object]) -> None:
    """Call *function* when the unit of work has committed; never if it is rolled back.

    Outside of a unit of work it is called at once. It must not raise and must not use the session:
    what has to happen is an event (:func:`mercato_kit.outbox.publish`), not a call.
    """
    if _running.get():
        _after_commit.get().append(function)
    else:
        function()


def read_first(step: Callable[[], T]) -> T:
    """Run *step* in a read-only transaction of its own, before the unit of work begins to write.

    For what slow work depends on, such as hashing a password: meanwhile no lock is held, and no
    connection is in use. The rows may have changed when the unit of work writes, so its statements
    must check what they rely on. Where its transaction has begun, or rows are to be written later,
    *step* runs in that one.

    Args:
        step: The reading. Returns plain values, because objects of the ORM do not outlive it.
    """
    if session().in_transaction() or later.pending():
        return step()
    with transactions.reading():
        try:
            return step()
        finally:
            _roll_back()


def run_each(find: Callable[[], Iterable[T]], step: Callable[[T], bool], *, failure: str) -> int:
    """Run *step* for each item that *find* returns, each in its own unit of work.

    A step that :func:`in_steps` marks begins its units of work itself.

    An item that fails is logged and left for the next run; it does not block the others.

    Args:
        find: Returns the items, in a read-only unit of work.
        step: The work for an item; returns whether there was something to do.
        failure: The line of the log, with ``%s`` for the item.

    Returns:
        The number of items for which there was something to do.
    """
    return sum(_try(step, item, failure) for item in run(find, read_only=True))


def _try(step: Callable[[T], bool], item: T, failure: str) -> bool:
    try:
        return step(item) if is_in_steps(step) else run(lambda: step(item))
    except Exception:  # noqa: BLE001 - one item must not block the others
        _log.exception(failure, item)
        return False


def _run_with_retries(step: Callable[[], T], *, safe_to_repeat: bool) -> T:
    give_up_at = time.monotonic() + RETRY_SECONDS
    attempt = 1
    while True:
        try:
            return _run_once(step)
        except (DBAPIError, StaleDataError, PoolTimeout) as error:
            again = _may_succeed_again(error) or (safe_to_repeat and _lost_connection(error))
            if not again or attempt == ATTEMPTS or time.monotonic() > give_up_at:
                if (refusal := _refusal_of(error)) is None:
                    raise
                raise refusal from error
            _log.info("unit of work retried after attempt %d: %s", attempt, type(error).__name__)
            time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - full jitter
            attempt += 1


def _run_once(step: Callable[[], T]) -> T:
    # A new list for each attempt: a rolled back one leaves nothing to call.
    _after_commit.set([])
    later.begin(_connection)
    try:
        return _work(step)
    except BaseException:
        _roll_back()
        raise


def _connection() -> sa.Connection:
    return current_session().connection()


def _work(step: Callable[[], T]) -> T:
    try:
        result = step()
    except Problem as refusal:
        if refusal.keeps_work:
            _commit()
        raise
    _commit()
    return result


def _commit() -> None:
    scoped = current_session()
    if later.pending():
        scoped.flush()
        later.write()
    # Work that only read through views has opened no session.
    if scoped.registry.has():
        scoped.commit()
    for function in _after_commit.get():
        function()


def _roll_back() -> None:
    scoped = current_session()
    if not scoped.registry.has():
        return
    try:
        scoped.rollback()
    except DBAPIError as error:
        # The connection and its transaction are lost. The step's own error says more than this one.
        _log.warning("connection lost at rollback: %s", type(error.orig).__name__)
        scoped().invalidate()
    scoped.expunge_all()


def _may_succeed_again(error: Exception) -> bool:
    """Return whether a statement failed for what the next attempt does not meet."""
    conflicts = _sqlstate(error) in {_SERIALIZATION_FAILURE, _DEADLOCK_DETECTED}
    return conflicts or is_stale_plan(getattr(error, "orig", None))


def _lost_connection(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _sqlstate(error: Exception) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _refusal_of(error: Exception) -> Problem | None:
    """Return the problem for a database error; None for an unexpected error."""
    if isinstance(error, StaleDataError):
        return StaleVersion()
    if isinstance(error, IntegrityError):
        _log.warning("constraint refused a write: %s", constraint_of(error))
        return Conflict()
    if isinstance(error, DataError):
        mistake = "A value does not fit its column."
        return Invalid(mistake, errors=[FieldError("", "range", mistake)])
    if _is_busy(error):
        _log.warning("database busy or unavailable: %s", _sqlstate(error) or type(error).__name__)
        return Unavailable()
    return None


def _is_busy(error: Exception) -> bool:
    if isinstance(error, PoolTimeout) or _lost_connection(error) or _may_succeed_again(error):
        return True
    if not isinstance(error, OperationalError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # The low byte is the primary result code.
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY
    state = _sqlstate(error)
    # An error without a state did not come from the server: the connection failed.
    return state is None or state in _BUSY or state[:2] in _BUSY_CLASSES
