"""Failures in Redis: a sorted set for each counter, whose members are attempts by time.

Redis runs the script as one step, so that it decides like the lock of a row does.
"""

import logging
import time
from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from mercato_kit import keys
from mercato_kit.composition import current_composition
from mercato_users.counters.limits import Counter, Spent

OPTIONS = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
"""Seconds that a request waits for a Redis server that does not answer."""

PAUSE_SECONDS = 5.0
"""For how long Redis is not asked after it did not answer."""

_log = logging.getLogger(__name__)

_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local wait = 0
for place, key in ipairs(KEYS) do
  for limit, span in string.gmatch(ARGV[2 + place], '(%d+)/(%d+)') do
    local since = '(' .. (now - span)
    local own = redis.call('ZSCORE', key, ARGV[1])
    local counted = redis.call('ZCOUNT', key, since, '+inf')
    if own and tonumber(own) > now - span then counted = counted - 1 end
    if counted >= tonumber(limit) then
      local nth = counted - limit
      local last = redis.call('ZRANGEBYSCORE', key, since, '+inf', 'WITHSCORES', 'LIMIT', nth, 1)
      wait = math.max(wait, last[2] + span - now)
    end
  end
end
local answer = {wait}
if wait == 0 and ARGV[2] == '1' then
  for place, key in ipairs(KEYS) do
    local longest, full = 0, false
    redis.call('ZADD', key, 'NX', now, ARGV[1])
    for limit, span in string.gmatch(ARGV[2 + place], '(%d+)/(%d+)') do
      longest = math.max(longest, tonumber(span))
      full = full or redis.call('ZCOUNT', key, '(' .. (now - span), '+inf') >= tonumber(limit)
    end
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - longest)
    redis.call('PEXPIRE', key, longest)
    if full then answer[#answer + 1] = place end
  end
end
return answer
"""
"""Counts an attempt on all counters, or on none if a limit is reached.

``ARGV``: the id of the attempt, which counts once; 1 to count it, 0 to check; for each key its
limits: ``number/milliseconds``, with spaces between. Returns the milliseconds to wait, and the
places of the keys that are full then.
"""


class RedisAwayError(Exception):
    """Redis does not answer, so that the tables count."""


class RedisCounters:
    """Counters in Redis.

    Args:
        url: The URL of Redis.
        prefix: What keys begin with; several deployments may share a Redis.
    """

    def __init__(self, url: str, prefix: str) -> None:
        # Only a deployment with Redis has the package.
        from redis import Redis, RedisError  # noqa: PLC0415

        self._script: Any = Redis.from_url(url, **OPTIONS).register_script(_SCRIPT)
        self._prefix = prefix
        self._failure = RedisError
        self._away_until = 0.0

    def spend(self, counters: Sequence[Counter], *, failures: int, attempt: UUID) -> Spent:
        """Count failures, and return how long to wait if a limit was already reached.

        Raises:
            RedisAwayError: Redis does not answer, or did not a moment ago.
        """
        if time.monotonic() < self._away_until:
            raise RedisAwayError
        limits = [_limits(one) for one in counters]
        names = [self._prefix + one.key for one in counters]
        try:
            wait, *full = self._script(keys=names, args=[str(attempt), failures, *limits])
        except self._failure as error:
            self._away_until = time.monotonic() + PAUSE_SECONDS
            _log.warning("failures are counted in tables: Redis: %s", type(error).__name__)
            raise RedisAwayError from error
        return Spent(-(-wait // 1000), frozenset(counters[place - 1].kind for place in full))


def redis_counters() -> RedisCounters | None:
    """Return the counters of the current app in Redis; None for a deployment without Redis."""
    url = current_composition().serving.redis_url
    if url is None:
        return None
    deployment = keys.derive("users.counters").id
    return _counters(url, f"mercato:failures:{deployment}:")


@cache
def _counters(url: str, prefix: str) -> RedisCounters:
    return RedisCounters(url, prefix)


def _limits(counter: Counter) -> str:
    return " ".join(
        f"{limit.number}/{int(limit.span.total_seconds() * 1000)}" for limit in counter.limits
    )
