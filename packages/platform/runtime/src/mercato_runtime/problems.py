"""Answer every error with a problem document (RFC 9457)."""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from http import HTTPStatus
from inspect import getdoc
from typing import Any

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, InternalServerError

from mercato_kit.errors import Problem
from mercato_runtime import measures
from mercato_runtime.logs import refusals

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)

_CODES = {
    400: "malformed_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    412: "stale_version",
    413: "content_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    422: "validation_failed",
    428: "precondition_required",
    429: "too_many_requests",
    431: "headers_too_large",
    500: "internal_error",
    503: "unavailable",
}
"""The problem codes for errors of Flask and its extensions, by status."""


class InternalError(Problem):
    """An unexpected error on the server. It was logged with the request id; nothing was changed."""

    status = 500
    code = "internal_error"
    title = "Internal server error"


class MethodNotAllowed(Problem):
    """This URL does not support the method; see the ``Allow`` header."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"


class ContentTooLarge(Problem):
    """The request body has more than 64 KiB, or what its endpoint allows."""

    status = 413
    code = "content_too_large"
    title = "Request body too large"


class RequestTimeout(Problem):
    """The body of the request did not arrive within 10 seconds. Nothing was done; try again."""

    status = 408
    code = "request_timeout"
    title = "Request timeout"


class MisdirectedRequest(Problem):
    """The shop is not served under this host name."""

    status = 421
    code = "misdirected_request"
    title = "This host is not served here"


def init_app(app: Flask, packages: Collection[str]) -> None:
    """Register the error handlers.

    Args:
        app: The app.
        packages: The import packages whose problems are explained under ``/problems``.
    """
    app.register_error_handler(Problem, answer_problem)
    app.register_error_handler(HTTPException, answer_http_exception)
    # Not for Exception: Flask sends its signal of an error only if no handler answers it.
    app.register_error_handler(InternalServerError, answer_fault)
    app.extensions["mercato_problems"] = _explained({"mercato_kit", "mercato_runtime", *packages})


def answer_problem(problem: Problem) -> Response:
    """Answer a problem of a feature or the kit."""
    refusals.note(problem)
    members = dict(problem.members)
    if problem.errors:
        members["errors"] = [asdict(error) for error in problem.errors]
    document = describe(problem.status, problem.code, problem.title, problem.detail, members)
    return respond(document, problem.headers)


def answer_http_exception(error: HTTPException) -> Response:
    """Answer an HTTP error of Flask or an extension, such as 404, 405, 413 or 429."""
    status = error.code or InternalError.status
    if status >= InternalError.status and status not in _CODES:
        return answer_fault(error)
    code = _CODES.get(status, "bad_request")
    # The same code has the same title, whether Flask or the kit raised it.
    title = current_app.extensions["mercato_problems"].get(code, {}).get("title", error.name)
    # werkzeug's default descriptions are written for people in front of a browser.
    detail = error.description if error.description != type(error).description else None
    document = describe(status, code, title, detail or title)
    # Keep headers such as Allow and Retry-After, but not the content type of an HTML page.
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return respond(document, headers)


def answer_fault(error: HTTPException) -> Response:
    """Log an unexpected error, and answer 500 without any detail of it."""
    cause = getattr(error, "original_exception", None) or error
    # The rule instead of the path, which contains what the client wrote.
    where = (g.get("request_id", "-"), measures.method(request), measures.route(request))
    _log.error("request %s: %s %s failed", *where, exc_info=cause)
    return answer_problem(InternalError("It was logged with the request id."))


def describe(
    status: int, code: str, title: str, detail: str, members: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a problem document about the current request."""
    document: dict[str, Any] = {
        "type": f"{request.root_path}/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.root_path + request.path,
        "code": code,
    }
    if request_id := g.get("request_id"):
        document["request_id"] = request_id
    # A feature can add members, but not replace the standard ones.
    added = {name: value for name, value in (members or {}).items() if name not in document}
    return document | added


def respond(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with a problem document."""
    response = current_app.response_class(
        current_app.json.dumps(document), document["status"], mimetype=MEDIA_TYPE
    )
    response.headers["Cache-Control"] = "private, no-store"
    if document["status"] in (RequestTimeout.status, ContentTooLarge.status):
        # The body is not read, so the next bytes on the connection are not a request.
        response.headers["Connection"] = "close"
    response.headers.update(dict(headers or {}))
    return response


def _explained(packages: Collection[str]) -> dict[str, dict[str, Any]]:
    explained = {code: _of_status(status, code) for status, code in sorted(_CODES.items())}
    explained[Problem.code] = _of_class(Problem)
    for problem in sorted(_subclasses(Problem), key=lambda kind: (kind.code, kind.__module__)):
        # A subclass that inherits its code does not describe that code.
        if "code" in vars(problem) and problem.__module__.partition(".")[0] in packages:
            explained[problem.code] = _of_class(problem)
    return explained


def _of_status(status: int, code: str) -> dict[str, Any]:
    known = HTTPStatus(status)
    title, description = known.phrase.capitalize(), f"{known.description or known.phrase}."
    return {"code": code, "status": status, "title": title, "description": description}


def _of_class(problem: type[Problem]) -> dict[str, Any]:
    return {
        "code": problem.code,
        "status": problem.status,
        "title": problem.title,
        "description": getdoc(problem),
    }


def _subclasses(kind: type[Problem]) -> Iterator[type[Problem]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
