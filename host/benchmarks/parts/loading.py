"""A client with several connections that asks as fast as a server answers."""

import selectors
import socket
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any


@dataclass
class Answers:
    """What a server answered.

    Args:
        seconds: How long all requests took together.
        each: How long each request took, in seconds.
    """

    seconds: float = 0
    each: list[float] = field(default_factory=list)


def load(port: int, path: str, *, seconds: float, connections: int = 8) -> Answers:
    """Send GETs on kept connections of 127.0.0.1, one after another on each.

    Raises:
        RuntimeError: An answer is not 200.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n".encode()
    answers = Answers()
    started_at = perf_counter()
    with selectors.DefaultSelector() as ready:
        for _ in range(connections):
            client = socket.create_connection(("127.0.0.1", port))
            ready.register(client, selectors.EVENT_READ, _Pending(perf_counter()))
            client.sendall(request)
        while (now := perf_counter()) - started_at < seconds:
            for key, _ in ready.select():
                if _is_whole(key):
                    now = perf_counter()
                    answers.each.append(now - key.data.sent_at)
                    key.data.sent_at = now
                    key.data.received.clear()
                    key.fileobj.sendall(request)  # type: ignore[union-attr]
        answers.seconds = now - started_at
        for key in list(ready.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return answers


@dataclass
class _Pending:
    """A request whose answer arrives."""

    sent_at: float
    received: bytearray = field(default_factory=bytearray)


def _is_whole(key: Any) -> bool:
    """Receive more of an answer, and return whether that was the end of it."""
    received = key.data.received
    received += key.fileobj.recv(1 << 20)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(head.decode())
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)
