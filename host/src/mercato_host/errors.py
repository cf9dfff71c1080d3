"""Every refusal and every fault, as application/problem+json (RFC 9457)."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Flask
from flask import Response
from flask import current_app
from flask import g
from flask import request
from werkzeug.exceptions import HTTPException

from mercato_kit.errors import Problem

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


def init_app(app: Flask) -> None:
    """Make *app* answer every error with a problem document."""
    app.register_error_handler(Problem, answer_problem)
    app.register_error_handler(HTTPException, answer_http_exception)
    app.register_error_handler(Exception, answer_fault)


def answer_problem(problem: Problem) -> Response:
    """Answer a refusal of a feature."""
    members = dict(problem.members)
    if problem.errors:
        members["errors"] = [asdict(error) for error in problem.errors]
    document = describe(problem.status, problem.code, problem.title, problem.detail, members)
    return respond(document, problem.headers)


def answer_http_exception(error: HTTPException) -> Response:
    """Answer what Flask and werkzeug refuse: no such address, method, size, …"""
    if error.response is not None and not error.code:
        return error.response  # type: ignore[return-value]  # made by a view of ours
    status = error.code or 500
    code = _CODES.get(status) or error.name.lower().replace(" ", "_").replace("'", "")
    document = describe(status, code, error.name, error.description or error.name)
    headers = [
        (name, value) for name, value in error.get_headers() if name.lower() != "content-type"
    ]
    return respond(document, dict(headers))


def answer_fault(error: Exception) -> Response:
    """Answer what nobody expected: log everything, tell nothing."""
    _log.error("request %s failed", g.get("request_id", "-"), exc_info=error)
    detail = "The fault is on our side and was logged under the request id."
    return respond(describe(500, "internal_error", "Something went wrong", detail))


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
    return document | dict(members or {})


def respond(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem document."""
    response = current_app.response_class(
        current_app.json.dumps(document), document["status"], mimetype=MEDIA_TYPE
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(dict(headers or {}))
    return response


_CODES = {400: "malformed_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}
