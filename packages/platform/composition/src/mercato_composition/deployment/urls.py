"""Check the URLs of servers without connecting to them."""

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

# redis-py accepts these in lower case only.
_REDIS = re.compile("rediss?://")


def is_redis_url(url: str) -> bool:
    """Tell whether the host's libraries can connect to *url*, with its port and options."""
    import redis  # noqa: PLC0415 - an optional dependency

    place = split_url(url)
    if place is None or place.fragment or "@" in place.query or not _REDIS.match(url):
        return False
    has_host = place.hostname or "host" in parse_qs(place.query)
    if not has_host or not re.fullmatch(r"(/[0-9]*)?", place.path):
        return False
    try:
        # This connects to nothing.
        redis.ConnectionPool.from_url(url).make_connection()
    except (TypeError, ValueError, redis.RedisError):
        return False
    return True


def split_url(url: str) -> SplitResult | None:
    """Split a URL; None if it is not one, such as one with an unescaped password."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        place = urlsplit(url)
        port = place.port
    except ValueError:
        return None
    return None if port == 0 else place
