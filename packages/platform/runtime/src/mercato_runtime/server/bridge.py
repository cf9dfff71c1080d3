"""The bridge from granian to the app: a thread gets a request when it is whole."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from mercato_kit.errors import Unavailable
from mercato_runtime.problems import MEDIA_TYPE, InternalError, RequestTimeout, answer_problem
from mercato_runtime.requests import REFUSAL
from mercato_runtime.server.environ import Environ, make_environ

if TYPE_CHECKING:
    from flask import Flask
    from granian._granian import RSGIHTTPProtocol as HTTPProtocol
    from granian.rsgi import Scope

    from mercato_kit.errors import Problem

    Answer = tuple[int, Headers, bytes]

BODY_SECONDS = 10
"""How long a body may take, from its first byte to its last."""

WAITING = 256
"""Requests that may wait for a thread of a worker; more are refused."""

WAITING_SECONDS = 30
"""How long a request may wait for a thread."""

REFUSALS = 16
"""Refusals that may wait for the app; more are answered without it, and not logged."""

_log = logging.getLogger(__name__)


class Bridge:
    """An RSGI app that answers with a WSGI app, in threads.

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
        self._limit: int = app.config["MAX_CONTENT_LENGTH"]
        self._body_seconds = body_seconds
        self._waiting_seconds = waiting_seconds
        self._pool = ThreadPoolExecutor(threads, "request")
        self._refusals = ThreadPoolExecutor(1, "refusal")
        self._refusals_left = refusals
        self._places = threads + waiting

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Answer a request."""
        status, headers, body = await self._answer(make_environ(scope), protocol)
        if self.closing:
            headers["Connection"] = "close"
        protocol.response_bytes(status, headers.to_wsgi_list(), body)

    async def _answer(self, environ: Environ, protocol: HTTPProtocol) -> Answer:
        try:
            body = await self._read(environ, protocol)
        except TimeoutError:
            return await self._refuse(environ, RequestTimeout())
        if not self._places:
            return await self._refuse(environ, Unavailable("Too many requests are waiting."))
        environ["wsgi.input"] = BytesIO(body)
        self._places -= 1
        try:
            return await self._run(self._pool, environ, monotonic() + self._waiting_seconds)
        finally:
            self._places += 1

    async def _refuse(self, environ: Environ, problem: Problem) -> Answer:
        """Let the app answer with *problem*; in a thread of its own, since many may be refused."""
        if not self._refusals_left:
            return _bare(problem)
        environ[REFUSAL] = problem
        self._refusals_left -= 1
        try:
            return await self._run(self._refusals, environ)
        finally:
            self._refusals_left += 1

    async def _read(self, environ: Environ, protocol: HTTPProtocol) -> bytes:
        """Read the body, up to one byte more than the app allows.

        A body that is announced as longer is not read at all: the app refuses it by its header.
        """
        body = bytearray()
        if int(environ.get("CONTENT_LENGTH", 0)) <= self._limit:
            async with asyncio.timeout(self._body_seconds):
                async for chunk in protocol:
                    body += chunk
                    if len(body) > self._limit:
                        break
        return bytes(body[: self._limit + 1])

    async def _run(
        self, pool: ThreadPoolExecutor, environ: Environ, start_by: float = inf
    ) -> Answer:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, self._call, environ, start_by)

    def _call(self, environ: Environ, start_by: float) -> Answer:
        if monotonic() > start_by:
            # Its client, or the proxy in front, has given up.
            environ[REFUSAL] = Unavailable("The request has waited too long.")
        try:
            chunks, status, headers = run_wsgi_app(self._app, environ, buffered=True)
        except Exception:  # noqa: BLE001 - what is around Flask may raise anything
            _log.exception("a request failed outside Flask")
            with self._app.request_context(environ):
                response = answer_problem(InternalError())
                return response.status_code, response.headers, response.get_data()
        return int(status.partition(" ")[0]), headers, b"".join(chunks)


def _bare(problem: Problem) -> Answer:
    """Answer with a problem document that the app has not seen, and end the connection."""
    document = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    headers = Headers(problem.headers)
    headers.update({"Content-Type": MEDIA_TYPE, "Cache-Control": "no-store", "Connection": "close"})
    body = json.dumps(document, separators=(",", ":")).encode()
    return problem.status, headers, body
