"""A worker process: granian's server with the bridge to the app, on a shared socket."""

import asyncio
import contextlib
import logging
import os
import resource
import select
import signal
import socket
from functools import partial
from pathlib import Path
from threading import Thread

from flask import Flask
from granian._granian import CallbackScheduler, RSGIWorker, SocketHolder, WorkerSignal
from granian.constants import HTTPModes
from granian.http import HTTP1Settings

from mercato_kit.db import engine
from mercato_runtime.limits import CONNECTIONS
from mercato_runtime.server.bridge import Bridge
from mercato_runtime.server.supervisor import SIGNALS, STOP_SECONDS

BACKLOG = 1024
"""Connections that the kernel keeps until a worker accepts them."""

HEAD_BYTES = 32 * 1024
"""Longest head of a request. Each connection may fill that much memory."""

HEADER_SECONDS = 10
"""How long a connection may take to send the head of a request, or stay idle."""

LAST_CALL_SECONDS = 0.5
"""How long a worker that ends still accepts connections, and then, how long it waits for requests.

A connection that waits to be accepted at TERM is answered, and closed.
"""

_STOP = (signal.SIGINT, signal.SIGTERM)


class Server:
    """granian's HTTP server, on a socket that the main process made.

    The connections that wait at it are not lost with the worker. Each request goes from granian's
    thread to the bridge; granian's own server would let it pass an event loop on its way and back.
    """

    def __init__(self, bridge: Bridge, listener: socket.socket) -> None:
        self.bridge = bridge
        self._listener = listener.detach()
        self._stop = WorkerSignal()

    async def serve(self) -> None:
        """Serve until it is stopped, and all requests that it has read are answered."""
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        self._stop.add_cb(partial(loop.call_soon_threadsafe, ended.set_result, None))
        scheduler = CallbackScheduler(loop, None, None, None, None)  # type: ignore[call-arg]
        scheduler._schedule_fn = partial(self.bridge.receive, loop)  # type: ignore[attr-defined]  # noqa: SLF001
        self._make_worker().serve_async(scheduler, loop, self._stop)  # type: ignore[attr-defined]
        await ended

    def stop(self) -> None:
        """Stop when the requests that were read are answered."""
        self._stop.set()

    def _make_worker(self) -> RSGIWorker:
        is_unix = False
        socket_holder = SocketHolder(self._listener, is_unix, BACKLOG)  # type: ignore[call-arg]
        return RSGIWorker(  # type: ignore[call-arg]
            1,
            (None, socket_holder),
            ipc=None,
            backpressure=CONNECTIONS,
            http_mode=HTTPModes.http1,
            http1_opts=HTTP1Settings(
                header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEAD_BYTES
            ),
        )

    def stop_accepting(self) -> None:
        """Leave new connections to the successor of this worker, where the system can.

        A stop of granian closes the connections whose request was not read yet. Its runtime waits
        for the listener with epoll, and accepts no more when the listener is taken out.
        """
        for file in Path("/proc/self/fd").glob("*"):
            with contextlib.suppress(OSError):
                if str(file.readlink()) == "anon_inode:[eventpoll]":
                    with select.epoll.fromfd(os.dup(int(file.name))) as events:
                        events.unregister(self._listener)


def run_worker(
    app: Flask, listener: socket.socket, threads: int, ready: int, lifeline: int
) -> None:
    """Serve *app* until TERM, INT or the end of the main process.

    Args:
        app: The app.
        listener: A socket that listens and does not block.
        threads: The number of concurrent requests.
        ready: A file descriptor that is written to when requests are accepted.
        lifeline: A file descriptor that reaches its end when the main process does.
    """
    _forget_connections(app)
    _allow_open_files()
    # What clients do wrong is not worth a line.
    logging.getLogger("_granian").setLevel(logging.ERROR)
    asyncio.run(_serve(Server(Bridge(app, threads), listener), ready, lifeline))
    with app.app_context():
        # The last process that closes a SQLite file puts its log into it.
        engine().dispose()


async def _serve(server: Server, ready: int, lifeline: int) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if server.bridge.closing:
            return
        loop.remove_reader(lifeline)
        # Without the main process, nothing else ends a worker whose client does not read.
        signal.alarm(STOP_SECONDS)
        server.bridge.closing = True
        loop.call_later(LAST_CALL_SECONDS, server.stop_accepting)
        loop.call_later(2 * LAST_CALL_SECONDS, server.stop)

    def wait_for_signal() -> None:
        signal.sigwait(_STOP)
        loop.call_soon_threadsafe(stop)

    # They stay blocked: a flood of them does not keep this process from its work.
    Thread(target=wait_for_signal, name="stop", daemon=True).start()
    loop.add_reader(lifeline, stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS - {*_STOP})
    loop.call_soon(os.write, ready, b"1")
    await server.serve()


def _forget_connections(app: Flask) -> None:
    """Drop the inherited connections without closing them: the main process still uses them."""
    with app.app_context():
        engine().dispose(close=False)


def _allow_open_files() -> None:
    """Raise the limit of open files as far as it goes: each connection is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
