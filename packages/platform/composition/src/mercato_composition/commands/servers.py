"""K503: ``mercato check`` asks Redis for an answer, if the deployment names a Redis server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mercato_composition.deployment import corrections
from mercato_composition.deployment.partial import known_or
from mercato_composition.faults import Fault, Outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mercato_composition.commands.operation import Operation

TIMEOUT_SECONDS = 3


def check_servers(operation: Operation) -> Iterator[Fault]:
    """Report a Redis server that does not answer. It is a warning: requests are still served."""
    draft = operation.draft
    redis_url = known_or(draft.redis_url, None)
    if redis_url is None:
        return
    # An optional dependency. Reading the deployment already failed if it is missing.
    import redis

    url = redis_url.reveal()
    client = redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        what = (
            f"Redis at {urlsplit(url).hostname} does not answer: {type(error).__name__}.\n"
            "rate limits and the cache are shared through it; "
            "until it answers, each process counts for itself"
        )
        path = ("redis", "url")
        yield Fault(
            "K503",
            draft.source.origin(*path),
            what,
            (
                Outside("start Redis", "choice"),
                *corrections.url(draft.source, path, corrections.REDIS),
            ),
            severity="warning",
        )
    finally:
        client.close()
