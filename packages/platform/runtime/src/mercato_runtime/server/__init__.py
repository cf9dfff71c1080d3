"""Serve an app over HTTP/1.1: granian reads requests, threads of forked workers answer them."""

import logging
import socket
from functools import partial

from flask import Flask

from mercato_runtime.server.supervisor import Supervisor
from mercato_runtime.server.worker import run_worker

BACKLOG = 1024
"""Connections that the kernel keeps until a worker accepts them."""

_log = logging.getLogger(__name__)


def serve(app: Flask, listener: socket.socket, *, workers: int, threads: int) -> None:
    """Serve requests until TERM or INT, then answer those that were accepted.

    The app is made before the workers are forked, so a worker that dies, or is reloaded (HUP), can
    be replaced even if an installed wheel was broken in the meantime.

    Args:
        app: The app.
        listener: Where to listen; see :func:`listen`. It is closed at the end.
        workers: The number of processes.
        threads: The number of concurrent requests in each process.
    """
    host, port = listener.getsockname()[:2]
    _log.info("Listening at: http://%s:%d", f"[{host}]" if ":" in host else host, port)
    work = partial(run_worker, app, listener, threads)
    Supervisor(work, workers, on_stop=listener.close).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on *host* and *port*; the workers share it.

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
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    # Several workers wait for the same connection, and all but one of them find it gone.
    listener.settimeout(0)
    return listener
