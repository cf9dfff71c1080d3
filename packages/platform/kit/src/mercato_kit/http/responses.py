"""From the result of a view to its response."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import Request, Response, make_response
from flask_smorest.utils import get_appcontext, unpack_tuple_response
from werkzeug.datastructures import Headers

from mercato_kit.contexts import get_app
from mercato_kit.http import etag as etags, expansions
from mercato_kit.http.headers import append, names_in
from mercato_kit.http.routes import Route
from mercato_kit.identity import current_principal
from mercato_kit.shown import Shown


def respond(route: Route, request: Request, arguments: Mapping[str, Any]) -> Response:
    """Call the view of a route, and return the response with its headers."""
    return respond_with(route, request, route.view(**arguments))


def respond_with(route: Route, request: Request, result: Any) -> Response:
    """Return the response that the result of a view is, with its headers."""
    response, body = _answer(result)
    _add_headers(response, body, request, is_public=route.public_cache)
    return etags.add_etag(response, body)


def respond_expandable(route: Route, request: Request, arguments: Mapping[str, Any]) -> Response:
    """Return the response of a route whose items other features may add to.

    What they add has no version, so an expanded response has no ETag.

    Raises:
        Invalid: ``expand`` names what the items do not have, or more than 5.
        Unauthenticated: A guest asks for what requires authentication.
        Forbidden: The caller lacks the permission of an expansion.
        FeatureDisabled: The deployment runs without the feature that has it.
    """
    if b"expand" not in request.query_string:
        return respond(route, request, arguments)
    chosen = expansions.choose(route, request, current_principal)
    if not chosen:
        return respond(route, request, arguments)
    with expansions.without(chosen, request):
        response, body = _answer(route.view(**arguments))
    expansions.add(chosen, response)
    is_public = route.public_cache and all(one.public for one in chosen)
    _add_headers(response, body, request, is_public=is_public)
    return response


def _add_headers(response: Response, body: Any, request: Request, *, is_public: bool) -> None:
    names = names_in(response.headers)
    if isinstance(body, dict) and body.get("next_cursor"):
        address = _next_address(request, body["next_cursor"])
        response.headers.add("Link", f'<{address}>; rel="next"')
    if "cache-control" not in names:
        append(response.headers, [("Cache-Control", _cache_control(request, is_public=is_public))])
    if is_public and "vary" in names:
        response.vary.add("Authorization")
    elif is_public:
        append(response.headers, [("Vary", "Authorization")])


def _answer(result: Any) -> tuple[Response, Any]:
    """Return the response that the result of a view is, and what its JSON was made of."""
    shown, status, headers = unpack_tuple_response(result)
    if not isinstance(shown, Shown):
        response = result if isinstance(result, Response) else make_response(result)
        return response, get_appcontext().get("result_dump")
    text, sent = shown.json(), Headers(headers)
    append(sent, [("Content-Type", "application/json"), ("Content-Length", str(len(text)))])
    return get_app().response_class([text], status, sent), shown.content


def _next_address(request: Request, cursor: str) -> str:
    """Return the URL of the next page without the host, because clients can forge it."""
    path = "/" + (request.root_path + request.path).lstrip("/")
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    return f"{quote(path)}?{urlencode([*pairs, ('cursor', cursor)])}"


def _cache_control(request: Request, *, is_public: bool) -> str:
    # A caller with credentials may see more than others.
    if is_public and "HTTP_AUTHORIZATION" not in request.environ:
        return "public, max-age=30, stale-while-revalidate=60"
    return "private, no-store"
