"""Check hosts and URLs, and tell this machine, private networks and mere examples apart."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

_PRIVATE_DOMAINS = ("local", "localhost", "internal", "lan", "home", "test", "invalid")
"""Top-level domains that exist in private networks at most (RFC 2606, 6761, 6762)."""

_LABEL = r"(?!-)[\w-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?!.{{254}})({_LABEL}\.)*(?![0-9]+\.?\Z){_LABEL}\.?")


def is_host(text: str) -> bool:
    """Tell whether *text* is the name or the address of a host, without scheme and port."""
    return _address(text) is not None or _NAME.fullmatch(text) is not None


def is_http_url(text: str) -> bool:
    """Tell whether *text* is a URL with http or https, a host, and a port from 1 if it has one.

    The scheme is in lower case, so that a rule may compare it. User name, password, fragment,
    spaces and control characters are refused.
    """
    if not text.isprintable() or " " in text or "#" in text:
        return False
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    is_plain = text.startswith(("http://", "https://")) and "@" not in url.netloc and port != 0
    return is_plain and is_host(url.hostname or "")


def is_loopback(host: str) -> bool:
    """Tell whether *host*, a name or an address, is this machine."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_link_local(host: str) -> bool:
    """Tell whether *host* is an address of the local link, such as a cloud's metadata server."""
    address = _address(host)
    return address is not None and address.is_link_local


def is_private(host: str) -> bool:
    """Tell whether *host* cannot be reached from the internet: a private address or local name."""
    address = _address(host)
    if address is not None:
        return not address.is_global
    labels = host.lower().rstrip(".").split(".")
    return len(labels) < 2 or labels[-1] in _PRIVATE_DOMAINS


def is_example(host: str) -> bool:
    """Tell whether *host* is a name reserved for documentation: ``example.com``, ``a.example``."""
    return "example" in host.lower().rstrip(".").split(".")[-2:]


def is_public(host: str) -> bool:
    """Tell whether customers may know *host*: it is neither private nor a mere example."""
    return not is_private(host) and not is_example(host)


def is_public_https(url: str) -> bool:
    """Tell whether *url* has https and a host that customers may know."""
    place = urlsplit(url)
    return place.scheme == "https" and is_public(place.hostname or "")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
