"""Public answers: kept for the seconds of their max-age, and given again with their age."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import TYPE_CHECKING

import msgspec
from flask import Request, Response
from werkzeug.datastructures import ETags, Headers

from mercato_composition.features.plan import Plan
from mercato_kit.contexts import get_app
from mercato_kit.http.etag import answer_304
from mercato_kit.http.headers import append
from mercato_runtime.app import App

if TYPE_CHECKING:
    from mercato_runtime.answers.shelves import Shelf

LARGEST = 64 * 1024
"""Bytes of the largest body that is kept."""

_PATIENCE_SECONDS = 30.0
"""For how long a request waits for one that makes the same answer."""

_OK = 200
_READING = ("GET", "HEAD")

View = Callable[[], Response]


class Kept(msgspec.Struct, frozen=True):
    """A public answer with status 200.

    Args:
        made_at: When it was made, in seconds since the epoch.
        headers: As the view set them, without those of the request.
    """

    made_at: float
    headers: list[tuple[str, str]]
    body: bytes


def init_app(app: App, plan: Plan) -> None:
    """Keep the public answers of *app*, as many as the deployment says."""
    number, redis = plan.deployment.kept_answers, plan.deployment.redis_url
    if not number:
        return
    # Flask-Caching is imported only where answers are kept.
    from mercato_runtime.answers.shelves import RedisShelf, Shelf  # noqa: PLC0415

    ours = Shelf(app, CACHE_THRESHOLD=number)
    shared = RedisShelf(app, redis.reveal()) if redis else ours
    answers = Answers(
        {
            # To ask Redis costs as much as to make a small answer.
            f"{blueprint.name}.{route.endpoint}": ours if "<" in rule else shared
            for feature in plan.features
            for rule, blueprint, route in feature.rules
            if route.public_cache
        }
    )
    app.answer = answers.answer


class Answers:
    """The public answers of one app.

    Args:
        shelves: Where the answers of an endpoint are kept. Those of other endpoints are not.
    """

    def __init__(self, shelves: Mapping[str, Shelf]) -> None:
        self._shelves = shelves
        self._awaited: dict[str, Event] = {}

    def answer(self, request: Request, view: View) -> Response | None:
        """Return the kept answer to *request*, or that of *view*.

        Of requests for the same answer at the same time one calls the view, the others wait.

        Returns:
            None if no answer to the request is ever kept; the view was not called.
        """
        shelf = self._shelves.get(request.endpoint or "")
        is_guest = "HTTP_AUTHORIZATION" not in request.environ
        if shelf is None or not is_guest or request.method not in _READING:
            return None
        key = _key_of(request)
        if kept := shelf.get(key):
            return _give(request, kept)
        return self._make(request, view, shelf, key) if request.method == "GET" else None

    def _make(self, request: Request, view: View, shelf: Shelf, key: str) -> Response:
        made = Event()
        awaited = self._awaited.setdefault(key, made)
        if awaited is not made:
            awaited.wait(_PATIENCE_SECONDS)
            kept = shelf.get(key)
            return _give(request, kept) if kept else view()
        try:
            # Another request may have kept it since this one looked.
            kept = shelf.get(key)
            return _give(request, kept) if kept else _fill(request, view, shelf, key)
        finally:
            del self._awaited[key]
            made.set()


def _key_of(request: Request) -> str:
    """Return what an answer depends on. Only the path may contain a newline, so it is the last."""
    query = request.environ.get("QUERY_STRING", "")
    host = request.host.lower()
    return "\n".join((request.scheme, host, request.root_path, query, request.path))


def _give(request: Request, kept: Kept) -> Response:
    headers = Headers()
    append(headers, [*kept.headers, ("Age", str(max(0, int(time.time() - kept.made_at))))])
    response = get_app().response_class([kept.body], headers=headers)
    return answer_304(response) if "HTTP_IF_NONE_MATCH" in request.environ else response


def _fill(request: Request, view: View, shelf: Shelf, key: str) -> Response:
    # A 304 has no body to keep, so the view makes the whole answer.
    known, request.if_none_match = request.if_none_match, ETags()
    response = view()
    if seconds := _seconds_of(response):
        kept = Kept(time.time(), response.headers.to_wsgi_list(), response.get_data())
        shelf.keep(key, kept, seconds)
    request.if_none_match = known
    return answer_304(response)


def _seconds_of(response: Response) -> int:
    """Return for how long an answer may be kept; 0 if it must not be."""
    caching = response.cache_control
    # What varies by credentials varies by nothing among guests.
    same_for_all = caching.public and response.vary.as_set() <= {"authorization"}
    if response.status_code != _OK or not same_for_all or "Set-Cookie" in response.headers:
        return 0
    small = response.is_sequence and len(response.get_data()) <= LARGEST
    return int(caching.max_age or 0) if small else 0
