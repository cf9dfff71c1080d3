"""Counters of failures, exact across processes: in tables, or in Redis if the deployment has it.

While Redis does not answer, the tables count, which know nothing of what Redis counted before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from mercato_kit.db import new_id
from mercato_users.counters import tables
from mercato_users.counters.limits import DAY, MINUTES, Counter, Limit, Spent
from mercato_users.counters.redis import RedisAwayError, redis_counters
from mercato_users.counters.tables import Sums

__all__ = ["DAY", "MINUTES", "Counter", "Limit", "Spent", "Sums", "parameters", "spend", "wait"]


def parameters(counters: Sequence[Counter], now: datetime) -> dict[str, Any]:
    """Return the parameters of :data:`mercato_users.counters.tables.COUNT` for *counters*."""
    return tables.parameters(counters, now)


def wait(counters: Sequence[Counter], sums: Sums | None = None) -> int:
    """Return the seconds until all counters have room; 0 if no limit is reached.

    Args:
        counters: The counters.
        sums: What was counted on them in tables, if it was read already.
    """
    spent = _spend_in_redis(counters, failures=0, attempt=None)
    if spent is not None:
        return spent.wait
    return (sums or tables.read(counters)).wait(counters)


def spend(
    counters: Sequence[Counter],
    *,
    failures: int,
    sums: Sums | None = None,
    attempt: UUID | None = None,
) -> Spent:
    """Count failures, and return how long to wait if a limit was already reached.

    In tables, the counters stay locked until the unit of work ends, so call it near the end.

    Args:
        counters: The counters to increment.
        failures: 0 or 1; 0 only checks that there is room for one more.
        sums: What was counted on them in tables, if it was read already.
        attempt: Counted once, however often the unit of work runs; by default another one.
    """
    spent = _spend_in_redis(counters, failures=failures, attempt=attempt)
    if spent is not None:
        return spent
    return tables.spend(sums or tables.read(counters), counters, failures=failures)


def _spend_in_redis(
    counters: Sequence[Counter], *, failures: int, attempt: UUID | None
) -> Spent | None:
    """Count in Redis; None if the tables count instead."""
    redis = redis_counters()
    if redis is None:
        return None
    try:
        return redis.spend(counters, failures=failures, attempt=attempt or new_id())
    except RedisAwayError:
        return None
