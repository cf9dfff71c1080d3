"""Clients that misbehave, and a probe that measures whether the server still answers."""

import http.client
import selectors
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass

POST = b"POST /v1/deeds HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"

_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


@dataclass(frozen=True)
class Attack:
    """What each connection sends at first, and then each second.

    Args:
        first: The first bytes.
        each_second: Bytes that keep the connection alive.
        reads: Whether it reads what it is sent.
    """

    first: bytes
    each_second: bytes = b""
    reads: bool = True


SILENT_BODY = Attack(POST + b"Content-Length: 60\r\n\r\n")
DRIPPING_BODY = Attack(POST + b"Content-Length: 60\r\n\r\n", b"x")
CHUNKED_BODY = Attack(POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")
DRIPPING_HEADERS = Attack(b"GET /healthz HTTP/1.1\r\nHost: shop\r\nX-Long: ", b"x")
IDLE = Attack(b"")
NOT_READING = Attack(b"GET /v1/large HTTP/1.1\r\nHost: shop\r\n\r\n", reads=False)

BODIES = {"silent": SILENT_BODY, "dripping": DRIPPING_BODY, "chunked": CHUNKED_BODY}
HEADS = {"headers": DRIPPING_HEADERS, "idle": IDLE}


class Crowd:
    """Connections that attack until the end of the ``with`` block.

    Args:
        port: The port of the server, on 127.0.0.1.
        attack: What each connection does.
        count: The number of connections.
    """

    def __init__(self, port, attack, count=64):
        self.attack = attack
        self.received = []
        self.seconds = []
        self._ended = threading.Event()
        self._opened_at = {}
        self._open = [self._connect(port) for _ in range(count)]
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._ended.set()
        self._thread.join()
        for connection in self._open:
            connection.close()

    @property
    def statuses(self):
        """How often each status line was received."""
        return Counter(answer.partition(b"\r\n")[0].decode() for answer in self.received)

    def was_answered(self, status):
        """Return whether each connection that was silent got *status*.

        A client that still sends when the server closes may lose the answer: TCP resets it.
        """
        allowed = {status, ""} if self.attack.each_second else {status}
        return status in self.statuses and set(self.statuses) <= allowed

    @property
    def left(self):
        """The number of connections that are open."""
        return len(self._open)

    def _connect(self, port):
        connection = socket.socket()
        if not self.attack.reads:
            # Loopback would take a megabyte into its buffers.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        connection.settimeout(20)
        connection.connect(("127.0.0.1", port))
        connection.sendall(self.attack.first)
        connection.settimeout(0)
        self._opened_at[connection] = time.monotonic()
        return connection

    def _run(self):
        drip_at = time.monotonic() + 1
        with selectors.DefaultSelector() as ready:
            for connection in self._open if self.attack.reads else ():
                ready.register(connection, selectors.EVENT_READ, bytearray())
            while not self._ended.is_set():
                for key, _ in ready.select(0.05):
                    self._receive(ready, key)
                if self.attack.each_second and time.monotonic() >= drip_at:
                    drip_at += 1
                    self._drip()

    def _receive(self, ready, key):
        try:
            data = key.fileobj.recv(65536)
        except OSError:
            data = b""
        key.data.extend(data)
        if not data:
            ready.unregister(key.fileobj)
            self._open.remove(key.fileobj)
            key.fileobj.close()
            self.received.append(bytes(key.data))
            self.seconds.append(time.monotonic() - self._opened_at[key.fileobj])

    def _drip(self):
        for connection in self._open:
            try:
                connection.send(self.attack.each_second)
            except OSError:
                continue


class Probe:
    """Asks ``/healthz`` on new connections until the end of the ``with`` block.

    Args:
        port: The port of the server, on 127.0.0.1.
        path: What it asks for.
        pause: Seconds between two questions.
        timeout: Seconds until a question has failed.
    """

    def __init__(self, port, path="/healthz", *, pause=0.25, timeout=3):
        self.seconds = []
        self.failures = []
        self._where = (port, path, timeout)
        self._pause = pause
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._ended.set()
        self._thread.join()

    @property
    def worst(self):
        """The seconds of the slowest answer."""
        return max(self.seconds, default=0)

    def _run(self):
        while not self._ended.is_set():
            started_at = time.monotonic()
            try:
                status = ask(*self._where)
                self.seconds.append(time.monotonic() - started_at)
                if status != 200:
                    self.failures.append(status)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
            self._ended.wait(self._pause)


def ask(port, path, timeout=3):
    """Send a GET on a new connection, and return the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


class Load:
    """Clients that send GETs one after another until the end of the ``with`` block.

    Half of them keep their connection, the others make a new one for each request.

    Args:
        port: The port, on 127.0.0.1.
        path: What they ask for.
        clients: The number of clients.
    """

    def __init__(self, port, path="/v1/process", *, clients=8):
        self.sent = Counter()
        self.failures = []
        self._port, self._path = port, path
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=[number % 2 == 0], daemon=True)
            for number in range(clients)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def failed(self, kind):
        """Return the failures on ``fresh`` or ``reused`` connections."""
        return [what for of, what in self.failures if of == kind]

    def _run(self, keeps):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self._ended.is_set():
            kind = "reused" if connection.sock else "fresh"
            self.sent[kind] += 1
            try:
                connection.request("GET", self._path)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failures.append((kind, answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append((kind, repr(error)))
                connection.close()
            if not keeps:
                connection.close()
        connection.close()


def send_http2(port):
    """Open four streams of HTTP/2 with a part of their bodies, and close the connection.

    Returns:
        What the server sent first.
    """
    # POST, http, the path /, and content-length: 60.
    headers = b"\x83\x86\x84" + b"\x0f\x0d\x0260"
    streams = [
        _frame(1, 4, stream, headers) + _frame(0, 0, stream, b"half") for stream in (1, 3, 5, 7)
    ]
    with socket.create_connection(("127.0.0.1", port), timeout=3) as client:
        try:
            client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS + b"".join(streams))
            return client.recv(65536)
        except ConnectionError:
            return b""


def _frame(kind, flags, stream, payload):
    length = len(payload).to_bytes(3, "big")
    return length + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def cpu_seconds(pids):
    """Return the CPU time of processes."""
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - it is no file of a disk
            fields = file.read().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100
