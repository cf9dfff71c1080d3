"""Serves an app with granian: made once, then forked into processes of several threads."""

import multiprocessing
import signal
import socket
import threading
from typing import Any

from flask import Flask
from granian.constants import Interfaces
from granian.server.mp import MPServer

from mercato_kit.db import engine

_STOP = {signal.SIGINT, signal.SIGTERM}

KILLED_AFTER_SECONDS = 30
"""What a process may take to answer its last requests."""


def serve(app: Flask, *, host: str, port: int, workers: int, threads: int) -> None:
    """Answer requests until TERM or INT; what was accepted by then is still answered.

    The app is made before the processes are forked, so a process that dies is replaced even if an
    installed wheel was broken since.

    Args:
        app: Ready.
        host: Address to listen on; see :func:`listenable`.
        port: Where nobody else listens.
        workers: Processes.
        threads: Requests at once in each.
    """
    multiprocessing.set_start_method("fork", force=True)

    def load() -> Any:
        _forget_connections(app)
        _stop_once()
        return app

    server = MPServer(
        "mercato",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        workers_kill_timeout=KILLED_AFTER_SECONDS,
        websockets=False,
    )
    server.serve(target_loader=load, wrap_loader=False)


def listenable(host: str, port: int) -> tuple[str, int]:
    """Return the address of *host* and a port that can be listened on.

    granian shares a port with whoever listens there already, so this asks first.

    Args:
        host: A name or an address.
        port: 0 takes a free one.

    Raises:
        OSError: There is no such host here, or the port is taken or not allowed.
    """
    family, kind, protocol, _, place = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(place)
        probe.listen()
        found = probe.getsockname()
    return str(found[0]), int(found[1])


def _forget_connections(app: Flask) -> None:
    """Leave the connections to the process we were forked from; two must never share one."""
    with app.app_context():
        engine().dispose(close=False)


def _stop_once() -> None:
    """Let a thread of this worker hear the first INT or TERM, and nobody any other.

    Ctrl-C and service managers signal the whole group, and then granian's main process signals its
    workers once more. granian sets a lock in its handler: a second signal meanwhile would hang it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    threading.Thread(target=_hear_one, name="stop", daemon=True).start()


def _hear_one() -> None:
    heard = signal.sigwait(_STOP)
    handler = signal.getsignal(heard)
    if callable(handler):
        handler(heard, None)
