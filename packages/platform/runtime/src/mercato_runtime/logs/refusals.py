"""Refusals for the security log: wrong credentials, missing permissions, throttling."""

from typing import Any

from flask import Request, Response, request as current

from mercato_kit import security
from mercato_kit.errors import NotFound, Problem, Unauthenticated
from mercato_runtime import measures

_EVENTS = {
    401: "authentication_refused",
    403: "access_refused",
    NotFound.status: "access_refused",
    429: "throttled",
}
"""The events, by status. A 404 is one only if it hides what belongs to another caller."""


_PROBLEM = "mercato.problem"
"""The key of the WSGI environ with the problem that answers the request."""


def note(problem: Problem) -> None:
    """Remember the problem that answers the current request."""
    current.environ[_PROBLEM] = problem


def log_refusal(request: Request, response: Response) -> None:
    """Log the response if it refuses access."""
    event = _EVENTS.get(response.status_code)
    if event is None:
        return
    problem: Problem | None = request.environ.get(_PROBLEM)
    if _is_refusal(response.status_code, problem):
        security.refuse(event, **_facts(request, response, problem))


def _is_refusal(status: int, problem: Problem | None) -> bool:
    if status == NotFound.status:
        return problem is not None and bool(problem.facts)
    # A guest who sent no credentials has not tried to get past a check.
    is_guest = type(problem) is Unauthenticated and not problem.invalid_token
    return not is_guest


def _facts(request: Request, response: Response, problem: Problem | None) -> dict[str, Any]:
    code = problem.code if problem else None
    request_facts = {
        "method": measures.method(request),
        "route": measures.route(request),
        "status": response.status_code,
        "code": code,
    }
    return (dict(problem.facts) if problem else {}) | request_facts
