"""Counters of failures, exact across processes: in tables, or in Redis if the deployment has it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mercato_users.counters import tables
from mercato_users.counters.limits import DAY, MINUTES, Counter, Limit
from mercato_users.counters.tables import Sums

__all__ = ["DAY", "MINUTES", "Counter", "Limit", "Sums", "parameters", "spend", "wait"]


def parameters(counters: Sequence[Counter], now: datetime) -> dict[str, Any]:
    """Return the parameters of :data:`mercato_users.counters.tables.COUNT` for *counters*."""
    return tables.parameters(counters, now)


def wait(counters: Sequence[Counter], sums: Sums | None = None) -> int:
    """Return the seconds until all counters have room; 0 if no limit is reached.

    Args:
        counters: The counters.
        sums: What was counted on them, if it was read already.
    """
    return (sums or tables.read(counters)).wait(counters)


def spend(
    counters: Sequence[Counter],
    *,
    failures: int,
    sums: Sums | None = None,
) -> int:
    """Count failures, and return how long to wait if a limit was already reached.

    In tables, the counters stay locked until the unit of work ends, so call it near the end.

    Args:
        counters: The counters to increment.
        failures: 0 or 1; 0 only checks that there is room for one more.
        sums: What was counted on them, if it was read already.

    Returns:
        0 if there was room, else the seconds until there is.
    """
    return tables.spend(sums or tables.read(counters), counters, failures=failures)
