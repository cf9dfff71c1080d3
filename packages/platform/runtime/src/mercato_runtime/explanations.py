"""``/problems``: what each problem means, and what to do about it."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from json import dumps
from typing import Any, cast

from flask import Blueprint, Flask, Response, current_app, url_for

from mercato_kit.errors import NotFound
from mercato_runtime import pages
from mercato_runtime.api.pages import current_document

blueprint = Blueprint("problems", __name__, url_prefix="/problems")

_AN_HOUR = "public, max-age=3600"

_ADVICE: Mapping[int, str] = {
    400: "Correct the request; sent again as it is, it is refused again.",
    401: "Send a valid access token: Authorization: Bearer TOKEN. If it has expired, get another.",
    403: "Ask an administrator for the permission, or use another account.",
    404: "Check the address. What others own is not found, too.",
    405: "Use one of the methods in the Allow header.",
    408: "Send the request again, on a connection that is fast enough.",
    409: "Read the current state; then change the request, or leave it.",
    412: "Read the resource again, and send its new ETag in If-Match.",
    413: "Send less in one request.",
    415: "Send the body as JSON, with Content-Type: application/json.",
    421: "Use a host name that the deployment serves.",
    422: "Correct the fields that errors names, and send the request again.",
    428: "Read the resource, and send its ETag in If-Match.",
    429: "Wait for as many seconds as Retry-After says, then send the same request.",
    500: "Report it with the request_id. Nothing was changed; the request can be sent again.",
    503: "Wait for as many seconds as Retry-After says, then send the same request.",
}
"""What a client does about a problem, by status."""

_MEMBERS: Mapping[str, str] = {
    "type": "The address of this page, relative to the API.",
    "title": "What happened, the same in every answer with this code.",
    "status": "The HTTP status.",
    "detail": "What happened in this case.",
    "instance": "The path of the request.",
    "code": "What programs compare.",
    "request_id": "The id of the request, also in its log lines and in X-Request-Id.",
}

_OWN = "A member of this problem; the example has one."


class Refusing:
    """The operations that refuse with a problem; the API document is searched once for each app."""

    @cached_property
    def by_code(self) -> Mapping[str, list[dict[str, str]]]:
        """The operations by the problem's code."""
        return _operations(current_document())


def init_app(app: Flask) -> None:
    """Add the pages to *app*."""
    app.extensions["mercato_refusing"] = Refusing()
    app.register_blueprint(blueprint)


@blueprint.get("")
def list_problems() -> Response:
    """Return every problem of the deployment."""
    rows = [
        {name: it.get(name) for name in ("code", "status", "title", "description")}
        for it in _explained().values()
    ]
    rows.sort(key=lambda it: (it["status"], it["code"]))
    return pages.answer("problems.html", {"problems": rows}, cache=_AN_HOUR)


@blueprint.get("/<code>")
def explain_problem(code: str) -> Response:
    """Return the meaning of a problem; its ``type`` is this URL."""
    explained = _explained().get(code)
    if explained is None:
        raise NotFound
    document = _about(explained)
    example = dumps(document["example"], indent=2, ensure_ascii=False)
    return pages.answer("problem.html", document, cache=_AN_HOUR, example=example)


def _explained() -> Mapping[str, dict[str, Any]]:
    return cast("Mapping[str, dict[str, Any]]", current_app.extensions["mercato_problems"])


def _about(problem: Mapping[str, Any]) -> dict[str, Any]:
    code, status = problem["code"], problem["status"]
    document = current_document()
    example = next(_recorded(document, code), None) or _example(problem)
    return {
        **problem,
        "advice": _ADVICE.get(status, _ADVICE[400]),
        "members": _members(_component(document, code), example),
        "example": example,
        "operations": current_app.extensions["mercato_refusing"].by_code.get(code, []),
    }


def _component(document: Mapping[str, Any], code: str) -> Mapping[str, Any]:
    """Return the schema of a problem in the API document; empty if it has none of its own."""
    schemas = document["components"]["schemas"].values()
    return next((it for it in schemas if _code_of(it) == code), {})


def _code_of(schema: Mapping[str, Any]) -> str | None:
    code: str | None = schema.get("properties", {}).get("code", {}).get("const")
    return code


def _members(component: Mapping[str, Any], example: Mapping[str, Any]) -> dict[str, str]:
    """Return the meaning of each member of the document, by name."""
    known = component.get("properties", {})
    own = {name: known.get(name, {}).get("description", _OWN) for name in (*known, *example)}
    return {**_MEMBERS, **{name: it for name, it in own.items() if name not in _MEMBERS}}


def _recorded(document: Mapping[str, Any], code: str) -> Iterator[dict[str, Any]]:
    """Give the problems with *code* that were recorded as answers of operations."""
    for _, _, operation in _all_operations(document):
        for answer in operation["responses"].values():
            for content in answer.get("content", {}).values():
                if code in content.get("examples", {}):
                    yield content["examples"][code]["value"]


def _example(problem: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": url_for("problems.explain_problem", code=problem["code"]),
        "title": problem["title"],
        "status": problem["status"],
        "detail": problem["title"],
        "code": problem["code"],
    }


def _operations(document: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Return the operations by the codes that their descriptions refuse with."""
    found: dict[str, list[dict[str, str]]] = {}
    for path, method, operation in _all_operations(document):
        described = {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "operation_id": operation["operationId"],
            "tag": next(iter(operation.get("tags", ())), ""),
        }
        for code in set(_codes(document, operation["responses"], set())):
            found.setdefault(code, []).append(described)
    return found


def _all_operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            # An item has parameters, too.
            if isinstance(operation, dict) and "responses" in operation:
                yield path, method, operation


def _codes(document: Mapping[str, Any], part: Any, seen: set[str]) -> Iterator[str]:
    """Give the codes of the problems that a part of the document refers to."""
    if isinstance(part, list):
        part = dict(enumerate(part))
    if not isinstance(part, dict):
        return
    reference = part.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        seen.add(reference)
        target: Any = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        if code := _code_of(target):
            yield code
        yield from _codes(document, target, seen)
    for inner in part.values():
        yield from _codes(document, inner, seen)
