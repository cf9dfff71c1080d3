"""Serve an app over HTTP/1.1: granian reads requests, threads of forked workers answer them."""

import gc
import logging
import socket
import sys
from collections.abc import Sequence

from flask import Flask

from mercato_runtime.server.supervisor import Supervisor
from mercato_runtime.server.worker import BACKLOG, run_worker

_log = logging.getLogger(__name__)


def serve(app: Flask, listener: socket.socket, *, workers: int, threads: int) -> None:
    """Serve requests until TERM or INT, then answer those that were accepted.

    The app is made before the workers are forked, so a worker that dies, or is reloaded (HUP), can
    be replaced even if an installed wheel was broken in the meantime.

    Args:
        app: The app.
        listener: Where to listen; see :func:`listen`. It is closed at TERM or INT.
        workers: The number of processes.
        threads: The number of concurrent requests in each process.
    """
    host, port = listener.getsockname()[:2]
    _log.info("Listening at: http://%s:%d", f"[{host}]" if ":" in host else host, port)
    listeners = _share(listener, workers)

    def work(number: int, ready: int, lifeline: int) -> None:
        own = listeners[number]
        for other in listeners:
            if other is not own:
                other.close()
        run_worker(app, own, threads, ready, lifeline)

    def close() -> None:
        for each in listeners:
            each.close()

    # A collection writes to all objects that it looks at: each worker would get a copy of them.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    Supervisor(work, workers, on_stop=close).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on *host* and *port*.

    Args:
        host: A name or an address.
        port: A port, or 0 for any free one.

    Raises:
        OSError: The host is not an address of this machine, or the port is taken or not allowed.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Alone: with SO_REUSEPORT it would share the port with another server that listens on it.
        listener.bind(address)
        _start_listening(listener)
    except OSError:
        listener.close()
        raise
    return listener


def _share(listener: socket.socket, count: int) -> Sequence[socket.socket]:
    """Return a socket for each worker: Linux spreads new connections evenly over them.

    They belong to the main process, so what waits at one outlives a worker that dies or reloads.
    """
    if not sys.platform.startswith("linux"):
        return [listener] * count
    more = [socket.socket(listener.family, listener.type) for _ in range(count - 1)]
    for each in more:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        each.bind(listener.getsockname())
        _start_listening(each)
    return [listener, *more]


def _start_listening(listener: socket.socket) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.listen(BACKLOG)
    # granian asks for it; and two workers may wait for the same connection during a reload.
    listener.settimeout(0)
