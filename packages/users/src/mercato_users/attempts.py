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
from mercato_kit.lists import Rows, any_of
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


@dataclass(frozen=True, slots=True)
class Counter:
    """A rate limit for attempts of one kind, by or for one subject.

    Args:
        kind: Kind of attempt, e.g. ``login.account``.
        subject: What attempts are counted by, e.g. an address; stored as a hash.
        limit: Maximum attempts per span.
    """

    kind: str
    subject: str
    limit: int

    @property
    def key(self) -> str:
        """The key under which attempts are stored."""
        return f"{self.kind}:{hashlib.sha256(self.subject.encode()).hexdigest()}"


MINUTES = Span(length=timedelta(minutes=5), step=timedelta(seconds=30))
DAY = Span(length=timedelta(days=1), step=timedelta(hours=1))

_ATTEMPTS = Rows(
    "attempts",
    {
        "key": LoginAttempt.key.type,
        "window_start": LoginAttempt.window_start.type,
        "count": LoginAttempt.count.type,
    },
)


def _add(dialect: sa.Dialect) -> sa.Insert:
    # SQLite needs a WHERE between SELECT and ON CONFLICT.
    attempts = sa.select(_ATTEMPTS.table(dialect)).where(sa.true())
    added = insert(LoginAttempt).from_select(["key", "window_start", "count"], attempts)
    return added.on_conflict_do_update(
        index_elements=["key", "window_start"],
        set_={"count": LoginAttempt.count + added.excluded.count},
    )


def _spent(_dialect: sa.Dialect) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            LoginAttempt.key,
            sa.func.sum(LoginAttempt.count).label("spent"),
            sa.func.min(LoginAttempt.window_start).label("oldest"),
        )
        .where(
            any_of(LoginAttempt.key, "keys"),
            LoginAttempt.window_start >= sa.bindparam("since"),
            LoginAttempt.count > 0,
        )
        .group_by(LoginAttempt.key)
    )


_ADD, _SPENT = Prepared(_add), Prepared(_spent)


def wait_seconds(counters: Sequence[Counter], span: Span) -> int:
    """Return the seconds until all counters have room; 0 if no limit is reached.

    A cheap check before the work: it takes no locks.
    """
    return _seconds_until_room(counters, span, step=span.step_at(utc_now()), own=0)


def count(counters: Sequence[Counter], span: Span, *, attempts: int = 1) -> None:
    """Count attempts on all counters, or refuse; see :func:`spend`.

    Raises:
        TooManyRequests: A limit was already reached; the rollback undoes the counting.
    """
    if wait := spend(counters, span, attempts=attempts):
        raise TooManyRequests(retry_after_seconds=wait)


def spend(counters: Sequence[Counter], span: Span, *, attempts: int = 1) -> int:
    """Count attempts, and return how long to wait if a limit was already reached.

    Locks the counters until the unit of work ends, so call it near the end.

    Args:
        counters: The counters to increment.
        span: The span of their limits.
        attempts: Number of attempts; 0 only takes the locks and checks for room for one more.

    Returns:
        0 if there was room, else the seconds until there is.
    """
    step = span.step_at(utc_now())
    # Lock the previous step, too: of two transactions on both sides of a step boundary, one waits.
    rows = [
        {"key": key, "window_start": start, "count": number}
        for key in sorted(counter.key for counter in counters)
        for start, number in ((step - span.step, 0), (step, attempts))
    ]
    connection = session.connection()
    _ADD.rows(connection, {"attempts": _ATTEMPTS.dump(rows, connection.dialect)})
    return _seconds_until_room(counters, span, step=step, own=attempts)


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


def _seconds_until_room(
    counters: Iterable[Counter], span: Span, *, step: datetime, own: int
) -> int:
    limits = {counter.key: counter.limit for counter in counters}
    values = {"keys": list(limits), "since": step - span.length}
    rows = _SPENT.rows(session.connection(), values)
    full = [row["oldest"] for row in rows if row["spent"] - own >= limits[row["key"]]]
    if not full:
        return 0
    wait = max(full) + span.length + span.step - utc_now()
    return max(1, int(wait.total_seconds()) + 1)
