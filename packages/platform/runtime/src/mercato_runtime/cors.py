"""CORS: browsers let the pages of the origins in ``[server]`` call the API."""

from collections.abc import Collection
from functools import partial

from flask import Request, Response

from mercato_runtime.app import App

# Without this list a page sees only the headers of CORS' own.
_EXPOSED = "ETag, Idempotency-Replayed, Link, Location, Retry-After, WWW-Authenticate, X-Request-Id"

_BY_COOKIE = "Mercato-CSRF"

_PREFLIGHT_SECONDS = "600"


def init_app(app: App, origins: Collection[str]) -> None:
    """Answer requests and preflight requests from pages of *origins*; do nothing if it is empty.

    Clients send tokens in a header and no cookies, so credentials are not allowed, except with the
    header that requests by cookies need.
    """
    if origins:
        app.after_hooks.append(partial(_allow, frozenset(origins)))


def _allow(origins: frozenset[str], request: Request, response: Response) -> None:
    # Also where there is no Origin: a cache must not give that answer to a page.
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin not in origins:
        return
    response.headers["Access-Control-Allow-Origin"] = str(origin)
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if _is_by_cookie(request):
        response.headers["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        _allow_next(request, response)


def _is_by_cookie(request: Request) -> bool:
    """Return whether a request has, or asks for, the header of requests by cookies."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    return _BY_COOKIE in request.headers or _BY_COOKIE.lower() in asked.lower().split(",")


def _allow_next(request: Request, response: Response) -> None:
    """Allow the request that a preflight request asks for: any header, the route's methods."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    response.headers["Access-Control-Allow-Headers"] = asked
    response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
    response.headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
    response.vary.add("Access-Control-Request-Headers")
