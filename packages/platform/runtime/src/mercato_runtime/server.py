"""Serves an app with granian: made once, then forked into processes of several threads."""

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
    # Before the fork: until granian sets a worker's handlers, the worker has copies of the main
    # process's, which do nothing there. A signal that they took would be lost.
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


def _stop_main(server: MPServer) -> None:
    """Wait for INT or TERM, then do what granian's handler does.

    A thread does it, because the event has a lock. A handler runs in the main thread, where it can
    interrupt the code that holds this lock; then it waits for itself.
    """
    signal.sigwait(_STOP)
    server.interrupt_signal = True
    while True:
        server.main_loop_interrupt.set()
        # Again, because granian clears the event when it replaces a worker.
        time.sleep(0.1)


def _stop_worker() -> None:
    """Wait for INT or TERM, then stop this worker, once.

    Ctrl-C and service managers send a signal to the whole process group, and granian's main process
    then sends another to each worker. A second call of granian's handler can block the worker.
    """
    number = signal.sigwait(_STOP)
    handler = signal.getsignal(number)
    if callable(handler):
        handler(number, None)
    else:
        # granian has set no handler yet, so it has accepted no request yet.
        os._exit(0)
