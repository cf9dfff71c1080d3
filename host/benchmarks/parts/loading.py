"""A client with several connections that asks as fast as a server answers."""

import selectors
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import Any


@dataclass
class Answers:
    """What a server answered.

    Args:
        seconds: How long all requests took together.
        cpu: CPU seconds of the client.
        each: How long each request took, in seconds.
    """

    seconds: float = 0
    cpu: float = 0
    each: list[float] = field(default_factory=list)

    def percentile(self, per_cent: int) -> float:
        """Return the milliseconds within which so many per cent were answered."""
        return sorted(self.each)[int(len(self.each) * per_cent / 100)] * 1000


@dataclass
class _Pending:
    """A request whose answer arrives."""

    sent_at: float = 0
    received: bytearray = field(default_factory=bytearray)


def load(port: int, requests: Iterator[bytes], *, seconds: float, connections: int = 8) -> Answers:
    """Send requests on kept connections of 127.0.0.1, one after another on each.

    Raises:
        RuntimeError: An answer is not 200 or 201.
    """
    answers = Answers()
    started_at, cpu = perf_counter(), process_time()
    with selectors.DefaultSelector() as ready:
        for _ in range(connections):
            client = socket.create_connection(("127.0.0.1", port), timeout=60)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(client, selectors.EVENT_READ, _Pending())
            _send(client, ready.get_key(client).data, next(requests))
        while (now := perf_counter()) - started_at < seconds or not answers.each:
            events = ready.select(timeout=30)
            if not events:
                raise TimeoutError("no connection is answered")
            for key, _ in events:
                if _is_whole(key):
                    answers.each.append(perf_counter() - key.data.sent_at)
                    _send(key.fileobj, key.data, next(requests))
        answers.seconds, answers.cpu = now - started_at, process_time() - cpu
        for key in list(ready.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
    return answers


def _send(client: Any, pending: _Pending, request: bytes) -> None:
    pending.received.clear()
    pending.sent_at = perf_counter()
    client.sendall(request)


def _is_whole(key: Any) -> bool:
    """Receive more of an answer, and return whether that was the end of it."""
    received = key.data.received
    received += key.fileobj.recv(1 << 20)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 ")):
        raise RuntimeError(bytes(received).decode() or "the server closed a connection")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return bool(length) and len(body) >= int(length)


def ask(port: int, request: bytes) -> bytes:
    """Send one request, and return the body of its answer.

    Raises:
        RuntimeError: The answer is not 200 or 201.
    """
    with selectors.DefaultSelector() as ready:
        client = socket.create_connection(("127.0.0.1", port), timeout=10)
        with client:
            key = ready.register(client, selectors.EVENT_READ, _Pending())
            client.sendall(request)
            while not _is_whole(key):
                pass
            return bytes(key.data.received.partition(b"\r\n\r\n")[2])
