"""Failures in a table: a row for each counter and step.

A step that ended a whole step ago does not change any more, since a step is longer than a
transaction. So it can be read without a lock, before a password is verified; only the last steps
are read under the lock of their rows, where they are counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import insert, session, utc_now
from mercato_kit.lists import Rows, any_of
from mercato_kit.prepared import Prepared
from mercato_kit.reads import Read
from mercato_users.counters.limits import DAY, MINUTES, STEP, Counter, Spent, step_at
from mercato_users.models import LoginAttempt

Step = tuple[str, datetime, int]
"""Key of a counter, start of a step, failures in it."""

COLUMNS = (LoginAttempt.key, LoginAttempt.window_start, LoginAttempt.count)


def _newer(name: str) -> sa.ColumnElement[bool]:
    since = sa.bindparam(f"{name}_since", type_=LoginAttempt.window_start.type)
    return sa.and_(any_of(LoginAttempt.key, name), LoginAttempt.window_start >= since)


COUNT = sa.and_(LoginAttempt.count > 0, sa.or_(_newer("short"), _newer("long")))
"""The condition of the steps that count. Its parameters are made by :func:`parameters`."""

_READ = Read(sa.select(*COLUMNS).where(COUNT))


@dataclass(frozen=True, slots=True)
class Sums:
    """The failures of counters, as they were read.

    Args:
        read_at: When.
        steps: Failures by start of the step, by key.
    """

    read_at: datetime
    steps: Mapping[str, Mapping[datetime, int]]

    @classmethod
    def of(cls, rows: Iterable[Step], read_at: datetime) -> "Sums":
        """Return the sums of rows with :data:`COLUMNS`."""
        steps: dict[str, dict[datetime, int]] = {}
        for key, start, count in rows:
            steps.setdefault(key, {})[start] = count
        return cls(read_at, steps)

    def wait(self, counters: Sequence[Counter]) -> int:
        """Return the seconds until all counters have room; 0 if no limit is reached."""
        now = utc_now()
        room_at = max(self._room_at(one, now) for one in counters)
        return int((room_at - now).total_seconds()) + 1 if room_at > now else 0

    def with_steps(self, rows: Iterable[Step]) -> "Sums":
        """Return the sums with other values of some steps."""
        changed = Sums.of(rows, self.read_at).steps
        keys = self.steps.keys() | changed.keys()
        return Sums(
            self.read_at, {key: {**self.steps.get(key, {}), **changed.get(key, {})} for key in keys}
        )

    def _room_at(self, counter: Counter, now: datetime) -> datetime:
        """Return when a counter has room: when enough of its old steps do not count any more."""
        room_at = now
        steps = sorted(self.steps.get(counter.key, {}).items())
        for limit in counter.limits:
            since = step_at(now) - limit.span
            counted = [(start, count) for start, count in steps if start >= since]
            surplus = sum(count for _, count in counted) - limit.number + 1
            for start, count in counted:
                if surplus <= 0:
                    break
                surplus -= count
                room_at = max(room_at, start + limit.span + STEP)
        return room_at


def parameters(counters: Sequence[Counter], now: datetime) -> dict[str, Any]:
    """Return the parameters of :data:`COUNT` for *counters*."""
    since = step_at(now)
    return {
        "short": [one.key for one in counters if one.longest <= MINUTES],
        "short_since": since - MINUTES,
        "long": [one.key for one in counters if one.longest > MINUTES],
        "long_since": since - DAY,
    }


def read(counters: Sequence[Counter]) -> Sums:
    """Return what was counted so far, without a lock."""
    now = utc_now()
    return Sums.of(_READ.rows(**parameters(counters, now)), now)


def spend(sums: Sums, counters: Sequence[Counter], *, failures: int) -> Spent:
    """Count failures, and return how long to wait if a limit was already reached.

    Args:
        sums: What was counted when the counters were read.
        counters: The counters to increment.
        failures: 0 only takes the locks and checks for room for one more.
    """
    now = step_at(utc_now())
    # All steps that may have changed since. Of two transactions on both sides of a boundary of
    # steps, the lock of the step before makes one wait.
    first = step_at(sums.read_at) - STEP
    starts = [first + number * STEP for number in range((now - first) // STEP + 1)]
    rows = [
        {"key": key, "window_start": start, "count": failures if start == now else 0}
        for key in sorted({one.key for one in counters})
        for start in starts
    ]
    connection = session.connection()
    counted = _ADD.rows(connection, {"steps": _STEPS.dump(rows, connection.dialect)})
    after = [(row["key"], row["window_start"], row["count"]) for row in counted]
    before = [(key, start, count - (start == now) * failures) for key, start, count in after]
    if wait := sums.with_steps(before).wait(counters):
        return Spent(wait)
    left = sums.with_steps(after)
    return Spent(0, frozenset(one.kind for one in counters if left.wait([one])))


def forget_old(*, limit: int) -> int:
    """Delete up to *limit* steps that no limit counts any more; return the number deleted."""
    old = (
        sa.select(LoginAttempt.key, LoginAttempt.window_start)
        .where(LoginAttempt.window_start < step_at(utc_now()) - DAY - STEP)
        .limit(limit)
    )
    rows = session.execute(
        sa.delete(LoginAttempt)
        .where(sa.tuple_(LoginAttempt.key, LoginAttempt.window_start).in_(old))
        .returning(LoginAttempt.key)
    )
    return len(rows.all())


_STEPS = Rows("steps", {column.key: column.type for column in COLUMNS})


def _add(dialect: sa.Dialect) -> Any:
    # SQLite needs a WHERE between SELECT and ON CONFLICT.
    steps = sa.select(_STEPS.table(dialect)).where(sa.true())
    added = insert(LoginAttempt).from_select(["key", "window_start", "count"], steps)
    return added.on_conflict_do_update(
        index_elements=["key", "window_start"],
        set_={"count": LoginAttempt.count + added.excluded.count},
    ).returning(*COLUMNS)


_ADD = Prepared(_add)
