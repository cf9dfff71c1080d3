"""Every refusal and every fault as application/problem+json (RFC 9457)."""

import logging
from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import asdict
from inspect import getdoc
from typing import Any

from flask import Blueprint
from flask import Flask
from flask import Response
from flask import current_app
from flask import g
from flask import jsonify
from flask import request
from werkzeug.exceptions import HTTPException

from mercato_kit.errors import NotFound
from mercato_kit.errors import Problem

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)

_CODES = {
    400: "malformed_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
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
"""What Flask and its extensions refuse, in the words that features use."""

blueprint = Blueprint("problems", __name__)


class InternalError(Problem):
    """The fault is on our side. It was logged under the request id; nothing was changed."""

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side"


class MethodNotAllowed(Problem):
    """There is something at this address, and it does not know the method; ``Allow`` names some."""

    status = 405
    code = "method_not_allowed"
    title = "The method is not allowed here"


class ContentTooLarge(Problem):
    """A body may have 64 KiB."""

    status = 413
    code = "content_too_large"
    title = "The body is too large"


class FeatureAway(Problem):
    """The deployment knows the feature that answers here, and runs without it for now."""

    status = 503
    code = "feature_disabled"
    title = "This part is switched off for now"


def init_app(app: Flask, packages: Collection[str]) -> None:
    """Make *app* answer every error with a problem document.

    Args:
        app: The app.
        packages: Import packages whose problems are explained under ``/problems``.
    """
    app.register_error_handler(Problem, answer_problem)
    app.register_error_handler(HTTPException, answer_http_exception)
    app.register_error_handler(Exception, answer_fault)
    app.extensions["mercato_problems"] = _explained({"mercato_kit", "mercato_runtime", *packages})
    app.register_blueprint(blueprint)


def answer_problem(problem: Problem) -> Response:
    """Answer a refusal of a feature or the kit."""
    members = dict(problem.members)
    if problem.errors:
        members["errors"] = [asdict(error) for error in problem.errors]
    document = describe(problem.status, problem.code, problem.title, problem.detail, members)
    return respond(document, problem.headers)


def answer_http_exception(error: HTTPException) -> Response:
    """Answer what Flask and its extensions refuse: no such address, method, size, rate."""
    status = error.code or InternalError.status
    if status >= InternalError.status and status not in _CODES:
        return answer_fault(error)
    code = _CODES.get(status, "bad_request")
    # A type has one title, whoever refuses.
    title = current_app.extensions["mercato_problems"].get(code, {}).get("title", error.name)
    # werkzeug's own words speak to a person in front of a browser.
    said = error.description if error.description != type(error).description else None
    document = describe(status, code, title, said or title)
    # 405 keeps its Allow, 429 its Retry-After; the content type is ours.
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return respond(document, headers)


def answer_fault(error: Exception) -> Response:
    """Answer what nobody expected: log everything, tell nothing."""
    request_id = g.get("request_id", "-")
    _log.error("request %s: %s %s failed", request_id, request.method, request.path, exc_info=error)
    return answer_problem(InternalError("It was logged under the request id."))


def describe(
    status: int, code: str, title: str, detail: str, members: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Make a problem document about the current request."""
    document: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
    }
    if request_id := g.get("request_id"):
        document["request_id"] = request_id
    # A feature adds members; it does not replace these.
    added = {name: value for name, value in (members or {}).items() if name not in document}
    return document | added


def respond(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem document."""
    response = current_app.response_class(
        current_app.json.dumps(document), document["status"], mimetype=MEDIA_TYPE
    )
    response.headers["Cache-Control"] = "private, no-store"
    if document["status"] == ContentTooLarge.status:
        # The rest of the body is not read, so no other request can follow on the connection.
        response.headers["Connection"] = "close"
    response.headers.update(dict(headers or {}))
    return response


@blueprint.get("/problems/<code>")
def explain_problem(code: str) -> Response:
    """Say what a problem means: the address in its ``type``."""
    explained = current_app.extensions["mercato_problems"]
    if code not in explained:
        raise NotFound
    response = jsonify(explained[code])
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _explained(packages: Collection[str]) -> dict[str, dict[str, Any]]:
    explained = {code: {"code": code, "status": status} for status, code in sorted(_CODES.items())}
    for problem in sorted(_subclasses(Problem), key=lambda kind: (kind.code, kind.__module__)):
        # Who merely inherits a code does not say what it means.
        if "code" in vars(problem) and problem.__module__.partition(".")[0] in packages:
            explained[problem.code] = {
                "code": problem.code,
                "status": problem.status,
                "title": problem.title,
                "description": getdoc(problem),
            }
    return explained


def _subclasses(kind: type[Problem]) -> Iterator[type[Problem]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
