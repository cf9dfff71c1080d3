"""Serve an app with granian, in forked processes with several threads each."""

import multiprocessing
import os
import signal
import socket
import threading
import time
from typing import Any

from flask import Flask
from granian.constants import Interfaces
from granian.server.mp import MPServer

from mercato_kit.db import engine

_STOP = {signal.SIGINT, signal.SIGTERM}

KILLED_AFTER_SECONDS = 30
"""How long a process may take to answer its last requests."""


def serve(app: Flask, *, host: str, port: int, workers: int, threads: int) -> None:
    """Serve requests until TERM or INT, then answer those that were accepted.

    The app is created before the processes are forked, so a process that dies can be replaced even
    if an installed wheel was broken in the meantime.

    Args:
        app: The app.
        host: The address to listen on; see :func:`listenable`.
        port: A free port.
        workers: The number of processes.
        threads: The number of concurrent requests in each process.
    """
    multiprocessing.set_start_method("fork", force=True)
    # Block the signals before the fork: until granian sets the handlers of a worker, the worker has
    # copies of the main process's handlers, which do nothing there, and a signal would be lost.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)

    def load() -> Any:
        _forget_connections(app)
        for number in _STOP:
            signal.signal(number, signal.SIG_DFL)
        threading.Thread(target=_stop_worker, name="stop", daemon=True).start()
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
        # Without handlers of its own, granian's lines go where all others go.
        log_dictconfig={"handlers": {}, "loggers": {}},
        websockets=False,
    )
    threading.Thread(target=_stop_main, args=[server], name="stop", daemon=True).start()
    try:
        server.serve(target_loader=load, wrap_loader=False)
    except SystemExit:
        # granian exits with 1 if a worker ended first, as it may when both got the same signal.
        if not server.interrupt_signal:
            raise


def listenable(host: str, port: int) -> tuple[str, int]:
    """Return the address of *host* and a port that is free.

    granian would share a port with another server that listens on it, so try the port first.

    Args:
        host: A name or an address.
        port: A port, or 0 for any free one.

    Raises:
        OSError: The host is not an address of this machine, or the port is taken or not allowed.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen()
        found = probe.getsockname()
    return str(found[0]), int(found[1])


def _forget_connections(app: Flask) -> None:
    """Drop the inherited connections without closing them: the main process still uses them."""
    with app.app_context():
        engine().dispose(close=False)


def _stop_main(server: MPServer) -> None:
    """Wait for INT or TERM, then do what granian's handler does.

    This runs in a thread because the event has a lock. A signal handler runs in the main thread,
    where it can interrupt the code that holds the lock, and would wait for it for ever.
    """
    signal.sigwait(_STOP)
    server.interrupt_signal = True
    while True:
        server.main_loop_interrupt.set()
        # Repeat, because granian clears the event when it replaces a worker.
        time.sleep(0.1)


def _stop_worker() -> None:
    """Wait for INT or TERM, then stop this worker once.

    Ctrl-C and service managers signal the whole process group, and granian's main process then
    signals each worker again. A second call of granian's handler can block the worker.
    """
    number = signal.sigwait(_STOP)
    handler = signal.getsignal(number)
    if callable(handler):
        handler(number, None)
    else:
        # granian has set no handler yet, so it has accepted no request yet.
        os._exit(0)
