"""K503: whether Redis answers, where a deployment names it."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault

TIMEOUT_SECONDS = 3


def unreachable_servers(deployment: Deployment) -> Iterator[Fault]:
    """Ask Redis for a sign of life. It is a warning: the shop goes on without it."""
    yield from _redis(deployment)


def _redis(deployment: Deployment) -> Iterator[Fault]:
    if deployment.redis_url is None:
        return
    # An optional dependency; where it is named and missing, the deployment is not read.
    import redis  # noqa: PLC0415

    url = deployment.redis_url.reveal()
    client = redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, socket_timeout=TIMEOUT_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        what = (
            f"Redis at {urlsplit(url).hostname} does not answer: {type(error).__name__}.\n"
            "the host needs it for limits and cache; "
            "until it is back, each process counts for itself"
        )
        where = deployment.source.origin("redis", "url")
        yield Fault("K503", where, what, "start it, or correct [redis] url", "warning")
    finally:
        client.close()
