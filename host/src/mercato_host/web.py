"""Around each request: its id, its bounds, and the headers that protect the answer."""

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask import Response
from flask import current_app
from flask import g
from flask import request
from flask.json.provider import DefaultJSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from mercato_composition.deployment.model import Deployment
from mercato_kit.db import new_id
from mercato_kit.errors import NotFound
from mercato_kit.http.blueprint import SAFE_METHODS
from mercato_kit.http.body import read_whole
from mercato_runtime.problems import ContentTooLarge

_SANE_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}", re.ASCII)

_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_NO_CONTENT = 204
_ONE_YEAR_SECONDS = 31_536_000


class JsonProvider(DefaultJSONProvider):
    """JSON in few bytes: no spaces, and text as it is written."""

    ensure_ascii = False
    sort_keys = False
    compact = True

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write *obj* without spaces."""
        kwargs.setdefault("separators", (",", ":"))
        return super().dumps(obj, **kwargs)


def init_app(app: Flask, deployment: Deployment) -> None:
    """Prepare *app*'s JSON, proxies and request hooks."""
    app.json = JsonProvider(app)
    app.before_request(_name_request)
    app.before_request(_read_body)
    app.before_request(_refuse_broken_address)
    app.after_request(_describe_nothing)
    app.after_request(_protect)
    if proxies := deployment.server.trusted_proxies:
        # Without a configured number, anybody could say he is somebody else's address.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=0
        )


def _name_request() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _SANE_ID.fullmatch(given) else str(new_id())


def _read_body() -> None:
    """Take a body in before there is a transaction, also where none is wanted.

    Raises:
        ContentTooLarge: It is above the limit.
        MalformedRequest: It was cut on its way.
    """
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    if (request.content_length or 0) > limit:
        raise ContentTooLarge
    if request.method in SAFE_METHODS:
        return
    # werkzeug cuts a body without a length off at its limit and says nothing, so one byte more is
    # allowed, to see whether there is one.
    request.max_content_length = limit + 1
    if len(read_whole(request)) > limit:
        raise ContentTooLarge


def _refuse_broken_address() -> None:
    """Nothing has a name that no database can hold."""
    for value in (request.view_args or {}).values():
        if isinstance(value, str) and not _is_text(value):
            raise NotFound


def _is_text(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _describe_nothing(response: Response) -> Response:
    """Take away what says something of a body that is not there."""
    options = request.method == "OPTIONS" and not (response.is_streamed or response.get_data())
    if options:
        response.headers.setdefault("Cache-Control", "private, no-store")
    if options or response.status_code == _NO_CONTENT:
        response.headers.pop("Content-Type", None)
    return response


def _protect(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR_SECONDS}"
    if request_id := g.get("request_id"):
        response.headers["X-Request-Id"] = request_id
    return response
