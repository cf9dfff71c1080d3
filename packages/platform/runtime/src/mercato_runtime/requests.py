"""Request hooks: request id, body limit, hosts and security headers."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, cast

from flask import Flask, Request, Response
from flask.json.provider import DefaultJSONProvider
from uuid_utils import uuid7
from werkzeug.routing import RequestRedirect
from werkzeug.sansio.utils import host_is_trusted

from mercato_composition.deployment.model import Server
from mercato_kit.contexts import get_globals
from mercato_kit.errors import MalformedRequest, NotFound
from mercato_kit.http.body import read_whole
from mercato_kit.http.headers import append, names_in
from mercato_kit.http.routes import SAFE_METHODS
from mercato_kit.text import is_text
from mercato_runtime.app import App
from mercato_runtime.problems import ContentTooLarge, MisdirectedRequest

REFUSAL = "mercato.refusal"
"""The key of the WSGI environ with the problem that the server refuses a request for."""

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}", re.ASCII)

_HEADERS = {
    header[0].lower(): header
    for header in (
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    )
}
"""The headers of every response, by name in lower case."""

_HTTPS_ONLY = ("Strict-Transport-Security", "max-age=31536000")

_LIMITS = "mercato_body_limits"

_NO_CONTENT = 204


class JsonProvider(DefaultJSONProvider):
    """Compact JSON: no spaces, and non-ASCII text without escapes."""

    ensure_ascii = False
    sort_keys = False
    compact = True

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write *obj* without spaces."""
        kwargs.setdefault("separators", (",", ":"))
        return super().dumps(obj, **kwargs)


def init_app(app: App, server: Server) -> None:
    """Set the JSON provider and request hooks of *app*."""
    app.json = JsonProvider(app)
    # werkzeug would redirect /v1//products to /v1/products.
    app.url_map.merge_slashes = False
    app.before_hooks += [
        _name_request,
        _refuse_unserved,
        partial(_read_body, app.config["MAX_CONTENT_LENGTH"], body_limits_of(app)),
        partial(_refuse_foreign_host, server.hosts),
        _refuse_broken_address,
    ]
    app.after_hooks += [_protect, _drop_entity_headers]


def body_limits_of(app: Flask) -> dict[str | None, int]:
    """Return the largest body in bytes by endpoint, where it is not MAX_CONTENT_LENGTH."""
    return cast("dict[str | None, int]", app.extensions.setdefault(_LIMITS, {}))


def largest_body(app: Flask) -> int:
    """Return the largest body in bytes that an endpoint of *app* takes."""
    general: int = app.config["MAX_CONTENT_LENGTH"]
    return max(general, *body_limits_of(app).values(), 0)


def _name_request(request: Request) -> None:
    given = request.environ.get("HTTP_X_REQUEST_ID")
    get_globals().request_id = given if given and _SANE_ID.fullmatch(given) else str(uuid7())


def _refuse_unserved(request: Request) -> None:
    """Answer with the problem that the server has with the request, such as a late body."""
    if problem := request.environ.get(REFUSAL):
        raise problem


def _read_body(general: int, limits: Mapping[str | None, int], request: Request) -> None:
    """Read the body before a transaction begins, so that a slow client holds no transaction.

    Raises:
        ContentTooLarge: The body has more bytes than the endpoint allows.
        MalformedRequest: The body is incomplete.
    """
    limit = limits.get(request.endpoint, general)
    if "CONTENT_LENGTH" in request.environ and (request.content_length or 0) > limit:
        raise ContentTooLarge
    if request.method in SAFE_METHODS:
        return
    # werkzeug silently truncates a body without Content-Length at the limit. Allow one byte more,
    # to notice a body that is too long.
    request.max_content_length = limit + 1
    if len(read_whole(request)) > limit:
        raise ContentTooLarge


def _refuse_foreign_host(hosts: Sequence[str], request: Request) -> None:
    """Refuse requests for another host, except for the health endpoints and metrics.

    Those are asked by probes, which send the address of one machine as the host.

    Args:
        hosts: The names of this deployment; empty for any.
        request: The request.

    Raises:
        MalformedRequest: The Host header has a character that no host has.
        MisdirectedRequest: The host is another one.
    """
    if request.environ.get("HTTP_HOST") and not request.host:
        raise MalformedRequest("The Host header is not valid.")
    is_known = not hosts or host_is_trusted(request.host.lower(), hosts)
    if not is_known and request.blueprint != "health":
        raise MisdirectedRequest


def _refuse_broken_address(request: Request) -> None:
    """Answer 404 for an address that needs a redirect, or has text that no database can store.

    Redirects of werkzeug contain the Host header, which a client chooses. werkzeug also drops all
    but one slash at the start, so ``//metrics`` would pass a proxy that blocks ``/metrics``.
    """
    begins_with_two = request.environ.get("PATH_INFO", "").startswith("//")
    if begins_with_two or isinstance(request.routing_exception, RequestRedirect):
        raise NotFound
    for value in (request.view_args or {}).values():
        if isinstance(value, str) and not is_text(value):
            raise NotFound


def _protect(request: Request, response: Response) -> None:
    """Add the request id, and the security headers that the response does not set itself."""
    names = names_in(response.headers)
    added = [header for name, header in _HEADERS.items() if name not in names]
    if request.is_secure and _HTTPS_ONLY[0].lower() not in names:
        added.append(_HTTPS_ONLY)
    if request_id := get_globals().get("request_id"):
        if "x-request-id" in names:
            response.headers.remove("X-Request-Id")
        added.append(("X-Request-Id", request_id))
    append(response.headers, added)


def _drop_entity_headers(request: Request, response: Response) -> None:
    """Drop entity headers from empty responses."""
    is_options = request.method == "OPTIONS" and not (response.is_streamed or response.get_data())
    if is_options:
        response.headers.setdefault("Cache-Control", "private, no-store")
    if is_options or response.status_code == _NO_CONTENT:
        response.headers.pop("Content-Type", None)
