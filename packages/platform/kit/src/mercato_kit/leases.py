"""Leases: a row belongs to one process for some seconds, which are renewed while it works.

A lease is a committed, guarded UPDATE and no lock: it holds without a transaction, on both
databases, and ends by itself after its process was killed.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from mercato_kit import work
from mercato_kit.contexts import get_app
from mercato_kit.db import UtcDateTime, locked, new_id, session

LEASE_SECONDS = 15.0
"""How long a row belongs to a process that was killed."""

RENEWED_EVERY_SECONDS = 5.0

RENEWING_THREAD = "leases"
"""The name of the thread that renews the leases of a process."""

_log = logging.getLogger(__name__)


class Leased:
    """A row that one process works on at a time: a mixin for models."""

    leased_until: Mapped[datetime | None] = mapped_column(
        doc="By the clock of the database; NULL if it belongs to no process"
    )
    lease_id: Mapped[UUID | None]


@dataclass(frozen=True, slots=True)
class Lease:
    """Rows that belong to this process.

    Args:
        model: Their model.
        keys: Their primary keys; a tuple each where several columns are the key.
    """

    model: type[Any]
    keys: tuple[Any, ...]
    id: UUID = field(default_factory=new_id)


class now(FunctionElement[datetime]):  # noqa: N801 - named like the functions of SQLAlchemy
    """The clock of the database, which all processes have in common, as SQL.

    Args:
        seconds: Added to it.
    """

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(sa.literal(seconds, sa.Float()))


def free(model: type[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that a row belongs to no process."""
    return sa.or_(model.leased_until.is_(None), model.leased_until < now())


def take(
    model: type[Any],
    due: sa.ColumnElement[bool],
    *,
    order_by: Sequence[Any] = (),
    limit: int = 10,
    values: Mapping[str, Any] | None = None,
) -> Lease:
    """Take rows that are due and belong to no process, and commit.

    Args:
        model: Their model, which is :class:`Leased`.
        due: Which of them.
        order_by: Which first.
        limit: How many, at most.
        values: What else is written to them, by attribute.

    Returns:
        The lease; its keys are empty if no row is due.

    Raises:
        RuntimeError: A unit of work is running, so that the lease would not be committed.
    """
    work.require_none("take()")
    key = sa.inspect(model).primary_key
    ranked = sa.select(*key).where(due, free(model)).order_by(*order_by).limit(limit)
    lease_id = new_id()

    def step() -> tuple[Any, ...]:
        # A CTE, because PostgreSQL may run a subquery several times, each with a limit of its own.
        chosen = locked(ranked, skip_locked=True).cte("chosen")
        taken = session.execute(
            _update(model, lease_id, values or {})
            .where(sa.tuple_(*key).in_(sa.select(chosen)), free(model))
            .returning(*key)
        )
        return tuple(row[0] if len(key) == 1 else tuple(row) for row in taken)

    return Lease(model, work.run(step), lease_id)


def renew(lease: Lease) -> None:
    """Renew the rows of a lease that still belong to it."""
    work.run(lambda: session.execute(_update(lease.model, lease.id, {}).where(_held(lease))))


def end(lease: Lease) -> None:
    """Give back the rows that still belong to a lease."""
    ended = {"leased_until": None, "lease_id": None}
    work.run(lambda: session.execute(_set(lease.model, ended).where(_held(lease))))


@contextmanager
def renewed(lease: Lease) -> Iterator[Lease]:
    """Renew a lease every 5 seconds until the block ends."""
    _renewals.add(lease)
    try:
        yield lease
    finally:
        _renewals.drop(lease)


@dataclass(slots=True)
class _Renewed:
    """A lease of an app, and when it is renewed next."""

    app: Flask
    lease: Lease
    due_at: float


class Renewals:
    """The leases that this process renews, in one thread.

    Args:
        every_seconds: The pause before each renewal of a lease.

    Attributes:
        is_running: Whether there is a thread.
    """

    def __init__(self, every_seconds: float = RENEWED_EVERY_SECONDS) -> None:
        self._every_seconds = every_seconds
        self.forget()

    def forget(self) -> None:
        """Forget all leases: a forked process has neither the thread nor the work of its parent."""
        self._lock = threading.Lock()
        self._leases: dict[UUID, _Renewed] = {}
        self.is_running = False

    def add(self, lease: Lease) -> None:
        """Renew *lease* from now on."""
        with self._lock:
            due_at = time.monotonic() + self._every_seconds
            self._leases[lease.id] = _Renewed(get_app(), lease, due_at)
            if not self.is_running:
                self.is_running = True
                threading.Thread(target=self._run, name=RENEWING_THREAD, daemon=True).start()

    def drop(self, lease: Lease) -> None:
        """Stop renewing *lease*."""
        with self._lock:
            self._leases.pop(lease.id, None)

    def due(self, now: float) -> list[tuple[Flask, Lease]]:
        """Return the leases to renew at a moment of the monotonic clock, once each."""
        with self._lock:
            due = [one for one in self._leases.values() if one.due_at <= now]
            for one in due:
                one.due_at = now + self._every_seconds
            return [(one.app, one.lease) for one in due]

    def _run(self) -> None:
        while (pause := self._pause()) is not None:
            time.sleep(pause)
            for app, lease in self.due(time.monotonic()):
                _try_to_renew(app, lease)

    def _pause(self) -> float | None:
        """Return the seconds until a lease is due; None without leases: then the thread ends."""
        with self._lock:
            # The next one that is added starts a new thread.
            self.is_running = bool(self._leases)
            if not self._leases:
                return None
            # Leases that are added meanwhile are due later.
            return max(0.0, min(one.due_at for one in self._leases.values()) - time.monotonic())


def _try_to_renew(app: Flask, lease: Lease) -> None:
    try:
        with app.app_context():
            renew(lease)
    except Exception as error:  # noqa: BLE001 - the next renewal may succeed
        _log.warning("a lease was not renewed: %s", type(error).__name__)


_renewals = Renewals()
os.register_at_fork(after_in_child=_renewals.forget)


def _update(model: type[Any], lease_id: UUID, values: Mapping[str, Any]) -> sa.Update:
    return _set(model, {**values, "leased_until": now(LEASE_SECONDS), "lease_id": lease_id})


def _set(model: type[Any], values: Mapping[str, Any]) -> sa.Update:
    columns = sa.inspect(model).column_attrs
    # A lease is no change of the resource: what is set with each change keeps its value.
    kept = {each.key: each.columns[0] for each in columns if each.columns[0].onupdate is not None}
    update = sa.update(model).values({**kept, **values})
    return update.execution_options(synchronize_session=False)


def _held(lease: Lease) -> sa.ColumnElement[bool]:
    key = sa.inspect(lease.model).primary_key
    each = (one if len(key) > 1 else (one,) for one in lease.keys)
    rows = (sa.and_(*map(sa.ColumnElement.__eq__, key, values)) for values in each)
    return sa.and_(sa.or_(sa.false(), *rows), lease.model.lease_id == lease.id)


@compiles(now)
def _clock(element: now, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    return f"clock_timestamp() + make_interval(secs => {seconds})"


@compiles(now, "sqlite")
def _clock_of_sqlite(element: now, compiler: SQLCompiler, **options: Any) -> str:
    seconds = compiler.process(element.clauses, **options)
    # The text of UtcDateTime, with microseconds.
    return f"strftime('%Y-%m-%dT%H:%M:%f', 'now', {seconds} || ' seconds') || '000Z'"
