"""What the API document says of a route beside its schemas."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from flask import Response
from flask_smorest.utils import deepupdate

from mercato_kit.http.routes import Route
from mercato_kit.policies import Policy

_KEY = "A new text for each request; a request that is sent again has the key of the first one"
_REMOTE_KEY = (
    f"{_KEY}. While that one waits for another machine, the answer is 409 "
    "`idempotency_in_progress`: send it again later"
)
_KEY_PATTERN = r"^[A-Za-z0-9!#$%&'*+.^_`|~:/-]+$"
"""A bare token; a quoted string (RFC 9651) is read as well."""
_VERSION = "The `ETag` that was read"


def document(endpoint: Callable[..., Response], route: Route) -> Callable[..., Response]:
    """Add policy and headers of the route to the API document, and return the endpoint."""
    headers = []
    if route.idempotent:
        headers.append(
            _header(
                "Idempotency-Key",
                _REMOTE_KEY if route.remote else _KEY,
                pattern=_KEY_PATTERN,
                minLength=16,
                maxLength=255,
            )
        )
    if route.if_match:
        headers.append(_header("If-Match", _VERSION))
    policy = route.allow.name if route.allow else "nobody"
    facts: dict[str, Any] = {"x-permission": policy, "security": _security(route.allow)}
    if route.body_bytes is not None:
        # OpenAPI 3.1 needs no schema here; openapi-python-client makes no method without one.
        schema = {"type": "string", "format": "binary"}
        facts["requestBody"] = {"content": {"application/octet-stream": {"schema": schema}}}
    # As doc() of flask-smorest, which returns a function that would only call the endpoint.
    members = dict(vars(endpoint).get("_apidoc", {}))
    members["manual_doc"] = deepupdate(deepcopy(members.get("manual_doc", {})), facts)
    if headers:
        # Among the facts they would replace those of a header schema.
        arguments = members.get("arguments", {})
        parameters = [*arguments.get("parameters", ()), *headers]
        members["arguments"] = {**arguments, "parameters": parameters}
    vars(endpoint)["_apidoc"] = members
    return endpoint


def _security(policy: Policy | None) -> list[dict[str, list[str]]]:
    """Return the security requirements of OpenAPI: one of the list must be met."""
    if policy is not None and policy.as_guest:
        return []
    bearer: dict[str, list[str]] = {"bearer": []}
    return [{}, bearer] if policy is not None and policy.name == "anyone" else [bearer]


def _header(name: str, description: str, **constraints: Any) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "description": description,
        "required": True,
        "schema": {"type": "string", **constraints},
    }
