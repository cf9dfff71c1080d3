"""K207, K503: whether the servers that a deployment names answer, beside its database."""

import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault

TIMEOUT_SECONDS = 3


def unreachable_servers(deployment: Deployment) -> Iterator[Fault]:
    """Ask each server for a sign of life. Both are warnings: the shop goes on without them."""
    yield from _redis(deployment)
    yield from _issuer(deployment)


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


def _issuer(deployment: Deployment) -> Iterator[Fault]:
    if deployment.identity is None:
        return
    url = deployment.identity.jwks_uri
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS):  # noqa: S310 - http(s) by type
            return
    except (OSError, ValueError) as error:
        what = (
            f"the keys of the issuer cannot be had from {urlsplit(url).hostname}: "
            f"{type(error).__name__}\nnobody can sign in"
        )
        where = deployment.source.origin("identity", "jwks_uri")
        yield Fault("K207", where, what, "start it, or correct [identity] jwks_uri", "warning")
