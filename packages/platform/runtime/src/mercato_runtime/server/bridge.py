"""The bridge from granian to the app: a thread gets a request when it is whole."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import partial
from io import BytesIO
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from mercato_kit.errors import Unavailable
from mercato_runtime.problems import MEDIA_TYPE, InternalError, RequestTimeout, answer_problem
from mercato_runtime.requests import REFUSAL, largest_body
from mercato_runtime.server.threads import Threads
from mercato_runtime.server.wsgi import Environ, call_app, make_environ

if TYPE_CHECKING:
    from flask import Flask
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

    from mercato_kit.errors import Problem
    from mercato_runtime.server.wsgi import Answer

BODY_SECONDS = 10
"""How long a body may take, from its first byte to its last."""

WAITING = 256
"""Requests that may wait for a thread of a worker; more are refused."""

WAITING_SECONDS = 30
"""How long a request may wait for a thread."""

REFUSALS = 16
"""Refusals that may wait for the app; more are answered without it, and not logged."""

_log = logging.getLogger(__name__)


class Watcher(Protocol):
    """A request as granian gives it to a scheduler."""

    @property
    def scope(self) -> Scope:
        """Its head."""

    @property
    def proto(self) -> HTTPProtocol:
        """Its body, and where the answer goes; any thread may answer."""

    def taskref(self, task: asyncio.Task[None]) -> None:
        """Cancel *task* when the client goes away."""


class Bridge:
    """Answers requests with a WSGI app, in threads.

    A slow client holds no thread: its body is read before, and its answer is sent after.

    Args:
        app: The app.
        threads: The number of concurrent requests.
        body_seconds: How long a body may take.
        waiting: How many requests may wait for a thread.
        waiting_seconds: How long a request may wait for a thread.
        refusals: How many refusals may wait for the app.
    """

    def __init__(
        self,
        app: Flask,
        threads: int,
        *,
        body_seconds: float = BODY_SECONDS,
        waiting: int = WAITING,
        waiting_seconds: float = WAITING_SECONDS,
        refusals: int = REFUSALS,
    ) -> None:
        self.closing = False
        """Whether each answer ends its connection."""
        self._app = app
        self._limit = largest_body(app)
        self._body_seconds = body_seconds
        self._most_waiting = waiting
        self._waiting_seconds = waiting_seconds
        self._most_refusals = refusals
        self._requests = Threads("request", threads)
        self._refusals = Threads("refusal", 1)

    def receive(self, loop: asyncio.AbstractEventLoop, watcher: Watcher) -> None:
        """Take a request, in any thread; its body is read in *loop*.

        granian does not expect it to raise. It answers 500 to a request that is dropped.
        """
        try:
            environ = make_environ(watcher.scope)
            if self._has_body_to_read(environ):
                loop.call_soon_threadsafe(self._start_reading, environ, watcher)
            else:
                self._accept(environ, watcher.proto)
        except Exception:  # noqa: BLE001 - see above
            _log.exception("a request was dropped")

    def _has_body_to_read(self, environ: Environ) -> bool:
        """Return False for a body that is announced as too long: the app refuses its header."""
        length = int(environ.get("CONTENT_LENGTH", 0))
        return length <= self._limit and (length > 0 or "HTTP_TRANSFER_ENCODING" in environ)

    def _start_reading(self, environ: Environ, watcher: Watcher) -> None:
        reading = self._read(environ, watcher.proto)
        watcher.taskref(asyncio.get_running_loop().create_task(reading))

    async def _read(self, environ: Environ, protocol: HTTPProtocol) -> None:
        """Read the body, up to one byte more than the app allows."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                async for chunk in protocol:
                    body += chunk
                    if len(body) > self._limit:
                        break
        except TimeoutError:
            self._refuse(environ, protocol, RequestTimeout())
            return
        environ["wsgi.input"] = BytesIO(body[: self._limit + 1])
        self._accept(environ, protocol)

    def _accept(self, environ: Environ, protocol: HTTPProtocol) -> None:
        """Let a request that is whole wait for a thread."""
        if self._requests.waiting >= self._most_waiting:
            self._refuse(environ, protocol, Unavailable("Too many requests are waiting."))
            return
        start_by = monotonic() + self._waiting_seconds
        self._requests.run(partial(self._answer, environ, protocol, start_by))

    def _refuse(self, environ: Environ, protocol: HTTPProtocol, problem: Problem) -> None:
        """Let the app answer with *problem*; in a thread of its own, since many may be refused."""
        if self._refusals.waiting >= self._most_refusals:
            self._send(protocol, _bare(problem))
            return
        environ[REFUSAL] = problem
        self._refusals.run(partial(self._answer, environ, protocol))

    def _answer(self, environ: Environ, protocol: HTTPProtocol, start_by: float = inf) -> None:
        if monotonic() > start_by:
            # Its client, or the proxy in front, has given up.
            environ[REFUSAL] = Unavailable("The request has waited too long.")
        self._send(protocol, self._call(environ))
        # An exception that the app keeps has this frame in its traceback, and granian ends the
        # connection of a body that was not read when the last reference to it is gone.
        del protocol

    def _call(self, environ: Environ) -> Answer:
        try:
            return call_app(self._app, environ)
        except Exception:  # noqa: BLE001 - what is around Flask may raise anything
            _log.exception("a request failed outside Flask")
            with self._app.request_context(environ):
                response = answer_problem(InternalError())
                return response.status_code, response.headers.to_wsgi_list(), response.get_data()

    def _send(self, protocol: HTTPProtocol, answer: Answer) -> None:
        status, headers, body = answer
        if self.closing:
            kept = [item for item in headers if item[0].lower() != "connection"]
            headers = [*kept, ("Connection", "close")]
        protocol.response_bytes(status, headers, body)


def _bare(problem: Problem) -> Answer:
    """Answer with a problem document that the app has not seen, and end the connection."""
    document = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    own = {"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", "Connection": "close"}
    headers = [*(problem.headers | own).items()]
    return problem.status, headers, json.dumps(document, separators=(",", ":")).encode()
