"""Check the URLs of servers without connecting to them."""

import re
from urllib.parse import SplitResult, urlsplit

# redis-py accepts these in lower case only.
_REDIS = re.compile("rediss?://")


def is_redis_url(url: str) -> bool:
    """Tell whether the host's libraries can connect to *url*, with its port and options."""
    import redis  # noqa: PLC0415 - an optional dependency

    place = split_url(url)
    if place is None or place.fragment or "@" in place.query or not _REDIS.match(url):
        return False
    if not re.fullmatch(r"(/[0-9]*)?", place.path):
        return False
    try:
        # This connects to nothing.
        redis.ConnectionPool.from_url(url).make_connection()
    except (TypeError, ValueError, redis.RedisError):
        return False
    return True


def split_url(url: str) -> SplitResult | None:
    """Split a URL with a host; None if it is not one, such as one with an unescaped password."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return None
    try:
        place = urlsplit(url)
        usable = place.hostname and place.port != 0
    except ValueError:
        return None
    return place if usable else None
