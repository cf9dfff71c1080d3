"""Keep tests off the network: allow only loopback addresses and unix sockets."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

# Methods with an address, and its position in their arguments.
_GUARDED = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}


class ForbiddenAddressError(RuntimeError):
    """A test tried to connect to another machine.

    It is not an OSError, so that code which tolerates a broken network does not hide it.
    """

    def __init__(self, address: object) -> None:
        super().__init__(
            f"a test can only connect to loopback addresses and unix sockets, not to {address!r}. "
            "Use a server on 127.0.0.1, or a fake of the contract."
        )


@contextmanager
def only_loopback() -> Iterator[None]:
    """Forbid connections, datagrams and name look-ups that would leave this machine.

    It guards Python's sockets, not libraries that open sockets in C (psycopg).
    """
    with pytest.MonkeyPatch.context() as patch:
        for method, position in _GUARDED.items():
            guarded = _guard(getattr(socket.socket, method), position)
            patch.setattr(socket.socket, method, guarded)
        patch.setattr(socket, "getaddrinfo", _guard_look_up(socket.getaddrinfo))
        yield


def _guard(original: Callable[..., Any], position: int) -> Callable[..., Any]:
    def guarded(self: socket.socket, *args: Any) -> Any:
        # sendmsg on a connected socket has no address.
        address = args[position] if position < len(args) else None
        if address is not None and not _is_allowed(self.family, address):
            raise ForbiddenAddressError(address)
        return original(self, *args)

    return guarded


def _guard_look_up(original: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: str | bytes | None, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and not _is_local_name(name) and _ip_address(name) is None:
            raise ForbiddenAddressError(name)
        return original(host, *args, **kwargs)

    return guarded


def _is_allowed(family: int, address: Any) -> bool:
    if family == socket.AF_UNIX:
        return True
    if family not in (socket.AF_INET, socket.AF_INET6):
        return False
    host = address[0].decode() if isinstance(address[0], bytes) else address[0]
    return _is_local_name(host) or _is_loopback(host)


def _is_local_name(name: str) -> bool:
    return name.lower().rstrip(".") in ("localhost", socket.gethostname().lower())


def _is_loopback(host: str) -> bool:
    address = _ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return address is not None and (mapped or address).is_loopback


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
