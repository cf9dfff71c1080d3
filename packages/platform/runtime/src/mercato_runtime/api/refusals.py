"""Document the problems of an operation: a component for each, a response for each status."""

from collections.abc import Iterable, Iterator, Mapping
from inspect import getdoc
from typing import Any

from mercato_kit.errors import (
    Conflict,
    FeatureDisabled,
    Forbidden,
    Invalid,
    InvalidCursor,
    MalformedRequest,
    NotForKeys,
    NotFound,
    PreconditionRequired,
    Problem,
    StaleVersion,
    StepUpRequired,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from mercato_kit.http import ListQuerySchema, Route
from mercato_kit.http.idempotency import IdempotencyKeyMissing
from mercato_kit.http.stored_answers import (
    AnswerErased,
    IdempotencyInProgress,
    IdempotencyKeyReused,
)
from mercato_kit.policies import Policy, anyone, person, signed_in
from mercato_runtime.problems import (
    MEDIA_TYPE,
    ContentTooLarge,
    InternalError,
    MisdirectedRequest,
    RequestTimeout,
)

SCHEMAS = "#/components/schemas/"
RESPONSES = "#/components/responses/"

EVERYWHERE: tuple[type[Problem], ...] = (
    RequestTimeout,
    Conflict,
    StaleVersion,
    ContentTooLarge,
    MisdirectedRequest,
    InternalError,
    FeatureDisabled,
)
"""Problems that any operation may answer; the response ``default`` names them."""

_HEADERS = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
_HEADER_TEXTS = {
    "WWW-Authenticate": "The credentials that are expected (RFC 6750)",
    "Retry-After": "Seconds to wait before the request is sent again",
}


def refusals_of(route: Route) -> list[type[Problem]]:
    """Return the problems of a route: those that it declares, and those that follow from it.

    Each code occurs once: a subclass without a code of its own stands for its base.
    """
    found = {kind.code: _owner(kind) for kind in (*_derived(route), *route.refuses)}
    return sorted(found.values(), key=lambda kind: (kind.status, kind.code))


def describe_refusals(route: Route, prefix: str) -> dict[str, Any]:
    """Return the responses of a route's problems, by status.

    Args:
        route: The route.
        prefix: What the names of its feature's components begin with.
    """
    by_status: dict[int, list[type[Problem]]] = {}
    for kind in refusals_of(route):
        by_status.setdefault(kind.status, []).append(kind)
    responses = {str(status): _response(kinds, prefix) for status, kinds in by_status.items()}
    return {**responses, "default": {"$ref": f"{RESPONSES}Problem"}}


def shared_problems() -> dict[str, type[Problem]]:
    """Return the problems of the platform, by the name of their component."""
    return {name_of(kind, ""): kind for kind in _shared()}


def shared_responses() -> dict[str, Any]:
    """Return the responses that operations refer to: those of one problem of the platform."""
    shared = {name: _inline([kind], "") for name, kind in shared_problems().items()}
    named = ", ".join(f"`{kind.code}` ({kind.status})" for kind in EVERYWHERE)
    text = f"Any other problem (RFC 9457); `code` identifies it, such as {named}"
    return {**shared, "Problem": {"description": text, "content": _content(f"{SCHEMAS}Problem")}}


def problem_schemas(
    routes: Iterable[tuple[Route, str]], base: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return the component of each problem of *routes*, by name.

    Args:
        routes: The routes, each with the prefix of its feature's components.
        base: The component of all problems.
    """
    return {
        name_of(kind, prefix): _schema(kind, base)
        for route, prefix in routes
        for kind in refusals_of(route)
    }


def name_of(kind: type[Problem], prefix: str) -> str:
    """Return the name of a problem's component: ``OrdersInsufficientStockProblem``."""
    return ("" if _is_shared(kind) else prefix) + kind.__name__.removesuffix("Problem") + "Problem"


def _derived(route: Route) -> Iterator[type[Problem]]:
    yield from (MalformedRequest, Invalid, TooManyRequests, Unavailable)
    if route.allow is not None and not route.allow.as_guest:
        yield Unauthenticated
        yield from _of_policy(route.allow)
    if "<" in route.rule:
        yield NotFound
    yield from _of_body(route)
    if any(_is_list(schema) for schema in route.arguments("query")):
        yield InvalidCursor
    if route.idempotent:
        yield from (
            IdempotencyKeyMissing,
            IdempotencyKeyReused,
            IdempotencyInProgress,
            AnswerErased,
        )
    if route.if_match:
        yield from (StaleVersion, PreconditionRequired)


def _of_body(route: Route) -> Iterator[type[Problem]]:
    if route.has_body or route.idempotent:
        yield from (ContentTooLarge, UnsupportedMediaType)
    elif route.body_bytes is not None:
        yield ContentTooLarge


def _of_policy(policy: Policy) -> Iterator[type[Problem]]:
    is_permission = policy.name not in (anyone.name, signed_in.name, person.name)
    if is_permission:
        yield Forbidden
    if policy.name == person.name or policy.fresh_seconds is not None:
        yield NotForKeys
    # A session may lack permissions that the account holds.
    if is_permission or policy.fresh_seconds is not None:
        yield StepUpRequired


def _is_list(schema: Any) -> bool:
    kind = schema if isinstance(schema, type) else type(schema)
    return issubclass(kind, ListQuerySchema)


def _owner(kind: type[Problem]) -> type[Problem]:
    return next(one for one in kind.__mro__ if "code" in vars(one))


def _is_shared(kind: type[Problem]) -> bool:
    return kind.__module__.startswith(("mercato_kit.", "mercato_runtime."))


def _shared() -> Iterator[type[Problem]]:
    waiting = [Problem]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind is not Problem and _is_shared(kind):
            yield kind


def _response(kinds: list[type[Problem]], prefix: str) -> dict[str, Any]:
    if len(kinds) == 1 and _is_shared(kinds[0]):
        return {"$ref": RESPONSES + name_of(kinds[0], prefix)}
    return _inline(kinds, prefix)


def _inline(kinds: list[type[Problem]], prefix: str) -> dict[str, Any]:
    text = "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds)
    response = {
        "description": text,
        "content": _content(*(SCHEMAS + name_of(kind, prefix) for kind in kinds)),
    }
    if header := _HEADERS.get(kinds[0].status):
        described = {"description": _HEADER_TEXTS[header], "schema": {"type": "string"}}
        response["headers"] = {header: described}
    return response


def _content(*references: str) -> dict[str, Any]:
    schemas = [{"$ref": reference} for reference in references]
    return {MEDIA_TYPE: {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}}}


def _schema(kind: type[Problem], base: Mapping[str, Any]) -> dict[str, Any]:
    members = {name: dict(schema) for name, schema in base["properties"].items()}
    members["status"]["const"] = kind.status
    members["code"]["const"] = kind.code
    if not issubclass(kind, Invalid):
        members = {name: it for name, it in members.items() if not name.startswith("errors")}
    return {
        "type": "object",
        "description": getdoc(kind) or kind.title,
        "properties": {**members, **kind.member_schemas},
        "required": list(base["required"]),
    }
