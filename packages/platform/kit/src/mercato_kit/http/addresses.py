"""Addresses of clients: how proxies write them, and the networks that clients are counted by."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")


@lru_cache(maxsize=1024)
def clean_address(text: str) -> str | None:
    """Return the IP address in *text*, in one spelling for each address.

    Proxies add ports and brackets (``192.0.2.7:443``, ``[2001:db8::1]:443``), systems add zones
    (``fe80::1%eth0``), and sockets for both families map IPv4 addresses (``::ffff:192.0.2.7``).

    Returns:
        An IPv4 or IPv6 address; None if there is none in *text*.
    """
    found = _parse(text)
    return None if found is None else str(found)


def network_of(address: str | None, *, bits_of_4: int, bits_of_6: int) -> str | None:
    """Return the network that contains *address*, with a prefix for each version of IP."""
    found = _parse(address or "")
    if found is None:
        return None
    bits = bits_of_4 if found.version == 4 else bits_of_6
    return str(ip_network((found, bits), strict=False))


def counted_as(address: str | None) -> str:
    """Return the network that requests of a client are counted by.

    It is the address for IPv4, and the /64 for IPv6, of which one customer has a whole one. All
    clients without an address are counted together.
    """
    return network_of(address, bits_of_4=32, bits_of_6=64) or "unknown"


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    bare = text.strip()
    if found := _WITH_PORT.fullmatch(bare):
        bare = found[1] or found[2] or ""
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
