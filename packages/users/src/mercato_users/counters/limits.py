"""What is counted, and how much of it: counters and their limits."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

MINUTES = timedelta(minutes=5)
DAY = timedelta(days=1)

STEP = timedelta(seconds=30)
"""Failures are counted in steps, so that a span may be one step too long, and is never too short.

It is longer than any transaction.
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most *number* failures in any span of a length."""

    number: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter of failures of one kind, by or for one subject.

    Args:
        kind: Kind of failure, such as ``login.account``; 35 characters or fewer.
        subject: What failures are counted by, such as an address; stored as a hash.
        limits: The limits that hold together.
    """

    kind: str
    subject: str
    limits: tuple[Limit, ...]

    @property
    def key(self) -> str:
        """The key under which failures are stored."""
        return f"{self.kind}:{hashlib.sha256(self.subject.encode()).hexdigest()}"

    @property
    def longest(self) -> timedelta:
        """The longest span of its limits; older failures do not count."""
        return max(limit.span for limit in self.limits)


class Spent(NamedTuple):
    """What came of an attempt.

    Args:
        wait: 0 if there was room, else the seconds until there is.
        full: The kinds of the counters that have no room left after it, if there was room.
    """

    wait: int
    full: frozenset[str] = frozenset()


def step_at(moment: datetime) -> datetime:
    """Return the start of the step that contains *moment*."""
    seconds = int(STEP.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, UTC)
