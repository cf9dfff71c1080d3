"""Bounds on what strangers may try, exact across workers.

Attempts are counted in steps that are short beside the span they are bounded over, so that no
span of that length, wherever it starts, holds more than the limit.
"""

import hashlib
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta

import sqlalchemy as sa

from mercato_kit.db import insert
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_kit.errors import TooManyRequests
from mercato_users.models import LoginAttempt


@dataclass(frozen=True, slots=True)
class Span:
    """How long attempts count, and in which steps they are counted.

    Args:
        length: Attempts of so long ago count no more.
        step: Longer than any transaction, and a divisor of the length.
    """

    length: timedelta
    step: timedelta

    def step_at(self, moment: datetime) -> datetime:
        """Return the start of the step *moment* is in."""
        seconds = int(self.step.total_seconds())
        return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)


@dataclass(frozen=True, slots=True)
class Counter:
    """Attempts of one kind by or at one subject.

    Args:
        kind: What is tried, e.g. ``login.account``.
        subject: By whom or at what; stored as a hash.
        limit: How many attempts a span holds.
    """

    kind: str
    subject: str
    limit: int

    @property
    def key(self) -> str:
        """What the counter is stored under."""
        return f"{self.kind}:{hashlib.sha256(self.subject.encode()).hexdigest()}"


MINUTES = Span(length=timedelta(minutes=5), step=timedelta(seconds=30))
DAY = Span(length=timedelta(days=1), step=timedelta(hours=1))


def refuse_when_full(counters: Sequence[Counter], span: Span) -> None:
    """Refuse where a counter has no room for another attempt. Locks nothing: a first, cheap look.

    Raises:
        TooManyRequests: A limit is reached.
    """
    if wait := _seconds_until_room(counters, span, step=span.step_at(utc_now()), own=0):
        raise TooManyRequests(retry_after_seconds=wait)


def count(counters: Sequence[Counter], span: Span, *, attempts: int = 1) -> None:
    """Count attempts on every counter, or on none; see :func:`spend`.

    Raises:
        TooManyRequests: A limit was reached before; the refusal rolls the counting back.
    """
    if wait := spend(counters, span, attempts=attempts):
        raise TooManyRequests(retry_after_seconds=wait)


def spend(counters: Sequence[Counter], span: Span, *, attempts: int = 1) -> int:
    """Count attempts, and tell whether there was room for them.

    From here to the end of the unit of work the counters are locked, so it belongs near the end.
    The step before is locked too: of two callers on both sides of a boundary one waits.

    Args:
        counters: What to count on.
        span: Over what time.
        attempts: How many; 0 only takes the lock and looks whether there is room for one.

    Returns:
        0 where there was room, else the seconds until there is.
    """
    step = span.step_at(utc_now())
    statement = insert(LoginAttempt).values(
        [
            {"key": key, "window_start": start, "count": number}
            for key in sorted(counter.key for counter in counters)
            for start, number in ((step - span.step, 0), (step, attempts))
        ]
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key", "window_start"],
            set_={"count": LoginAttempt.count + statement.excluded.count},
        )
    )
    return _seconds_until_room(counters, span, step=step, own=attempts)


def forget_old(before: datetime, *, limit: int) -> int:
    """Delete at most *limit* counts that started before *before*; return how many."""
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
    rows = session.execute(
        sa.select(
            LoginAttempt.key,
            sa.func.sum(LoginAttempt.count),
            sa.func.min(LoginAttempt.window_start),
        )
        .where(
            LoginAttempt.key.in_(limits),
            LoginAttempt.window_start >= step - span.length,
            LoginAttempt.count > 0,
        )
        .group_by(LoginAttempt.key)
    )
    full = [oldest for key, spent, oldest in rows if spent - own >= limits[key]]
    if not full:
        return 0
    wait = max(full) + span.length + span.step - utc_now()
    return max(1, int(wait.total_seconds()) + 1)
