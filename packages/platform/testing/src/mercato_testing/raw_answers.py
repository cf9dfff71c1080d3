"""A server on loopback that sends the bytes a test gives, for tests of clients."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def answering(*parts: bytes, pause: float = 0.0, asked: list[str] | None = None) -> Iterator[str]:
    """Answer one connection; yield the URL.

    Args:
        parts: The parts of the answer.
        pause: Seconds between the parts.
        asked: A list that gets the request.
    """

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            request = connection.recv(65_536)
            if asked is not None:
                asked.append(request.decode())
            try:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause)
            except OSError:
                # The client has hung up.
                return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def answer(status: int, body: bytes = b"{}") -> bytes:
    """Return the bytes of an HTTP answer."""
    return b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
