"""Rate limits for failed logins and mails, exact across workers.

Attempts are counted in time steps that are short compared to the span of the limit, so that no
span of that length, whenever it starts, has more attempts than the limit.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mercato_kit.db import insert, session, utc_now
from mercato_kit.errors import TooManyRequests
from mercato_kit.lists import Rows
from mercato_kit.prepared import Prepared
from mercato_users.models import LoginAttempt


@dataclass(frozen=True, slots=True)
class Span:
    """The time span of a limit, and the steps in which attempts are counted.

    Args:
        length: Older attempts do not count.
        step: Must be longer than any transaction and a divisor of the length.
    """

    length: timedelta
    step: timedelta

    def step_at(self, moment: datetime) -> datetime:
        """Return the start of the step that contains *moment*."""
        seconds = int(self.step.total_seconds())
        return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


MINUTES = Span(length=timedelta(minutes=5), step=timedelta(seconds=30))
DAY = Span(length=timedelta(days=1), step=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Counter:
    """A rate limit for attempts of one kind, by or for one subject.

    Args:
        kind: Kind of attempt, e.g. ``login.account``.
        subject: What attempts are counted by, e.g. an address; stored as a hash.
        limit: Maximum attempts per span.
        span: The time span of the limit.
    """

    kind: str
    subject: str
    limit: int
    span: Span = MINUTES

    @property
    def key(self) -> str:
        """The key under which attempts are stored."""
        return f"{self.kind}:{hashlib.sha256(self.subject.encode()).hexdigest()}"


_ATTEMPTS = Rows(
    "attempts",
    {
        "key": LoginAttempt.key.type,
        "window_start": LoginAttempt.window_start.type,
        "count": LoginAttempt.count.type,
    },
)
_LIMITS = Rows("limits", {"key": LoginAttempt.key.type, "since": LoginAttempt.window_start.type})


def _add(dialect: sa.Dialect) -> sa.Insert:
    # SQLite needs a WHERE between SELECT and ON CONFLICT.
    attempts = sa.select(_ATTEMPTS.table(dialect)).where(sa.true())
    added = insert(LoginAttempt).from_select(["key", "window_start", "count"], attempts)
    return added.on_conflict_do_update(
        index_elements=["key", "window_start"],
        set_={"count": LoginAttempt.count + added.excluded.count},
    )


def _spent(dialect: sa.Dialect) -> sa.Select[*tuple[Any, ...]]:
    limits = _LIMITS.table(dialect)
    return (
        sa.select(
            LoginAttempt.key,
            sa.func.sum(LoginAttempt.count).label("spent"),
            sa.func.min(LoginAttempt.window_start).label("oldest"),
        )
        .join(limits, limits.c.key == LoginAttempt.key)
        .where(LoginAttempt.window_start >= limits.c.since, LoginAttempt.count > 0)
        .group_by(LoginAttempt.key)
    )


_ADD, _SPENT = Prepared(_add), Prepared(_spent)


def wait_seconds(counters: Sequence[Counter]) -> int:
    """Return the seconds until all counters have room; 0 if no limit is reached.

    A cheap check before the work: it takes no locks.
    """
    return _seconds_until_room(counters, utc_now(), own=0)


def count(counters: Sequence[Counter], *, attempts: int = 1) -> None:
    """Count attempts on all counters, or refuse; see :func:`spend`.

    Raises:
        TooManyRequests: A limit was already reached; the rollback undoes the counting.
    """
    if wait := spend(counters, attempts=attempts):
        raise TooManyRequests(retry_after_seconds=wait)


def spend(counters: Sequence[Counter], *, attempts: int = 1) -> int:
    """Count attempts, and return how long to wait if a limit was already reached.

    Locks the counters until the unit of work ends, so call it near the end.

    Args:
        counters: The counters to increment.
        attempts: Number of attempts; 0 only takes the locks and checks for room for one more.

    Returns:
        0 if there was room, else the seconds until there is.
    """
    now = utc_now()
    # Lock the previous step, too: of two transactions on both sides of a step boundary, one waits.
    rows = [
        {"key": one.key, "window_start": start, "count": number}
        for one in sorted(counters, key=lambda one: one.key)
        for step in [one.span.step_at(now)]
        for start, number in ((step - one.span.step, 0), (step, attempts))
    ]
    connection = session.connection()
    _ADD.rows(connection, {"attempts": _ATTEMPTS.dump(rows, connection.dialect)})
    return _seconds_until_room(counters, now, own=attempts)


def forget_old(before: datetime, *, limit: int) -> int:
    """Delete up to *limit* counts that started before *before*; return the number deleted."""
    old = (
        sa.select(LoginAttempt.key, LoginAttempt.window_start)
        .where(LoginAttempt.window_start < before)
        .limit(limit)
    )
    rows = session.execute(
        sa.delete(LoginAttempt)
        .where(sa.tuple_(LoginAttempt.key, LoginAttempt.window_start).in_(old))
        .returning(LoginAttempt.key)
    )
    return len(rows.all())


def _seconds_until_room(counters: Iterable[Counter], now: datetime, *, own: int) -> int:
    by_key = {one.key: one for one in counters}
    limits = [
        {"key": key, "since": one.span.step_at(now) - one.span.length}
        for key, one in by_key.items()
    ]
    connection = session.connection()
    rows = _SPENT.rows(connection, {"limits": _LIMITS.dump(limits, connection.dialect)})
    full = [
        row["oldest"] + by_key[row["key"]].span.length + by_key[row["key"]].span.step
        for row in rows
        if row["spent"] - own >= by_key[row["key"]].limit
    ]
    return max(1, int((max(full) - utc_now()).total_seconds()) + 1) if full else 0
