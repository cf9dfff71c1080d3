"""Document the members and headers of responses, and 304."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema

from mercato_kit.http import Route
from mercato_kit.schemas import ModelSchema

_ONE_OF = re.compile(r"(\w+) IN \(('\w+'(?:, *'\w+')*)\)")

_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {"description": "The version, for If-Match and If-None-Match"},
    "Idempotency-Replayed": {"description": "`true` if this is the stored response of the key"},
    "Link": {"description": 'The next page as `rel="next"`, if there is one'},
    "Location": {"description": "The URL of the new resource, if it has one"},
}


def describe_members(schema: dict[str, Any], kind: type[Schema]) -> None:
    """Set ``required`` and ``enum`` in the schema of a response.

    Args:
        schema: The component; it is changed in place.
        kind: The schema class; one that is not read off a model is left unchanged.
    """
    if not issubclass(kind, ModelSchema):
        return
    model: type[Any] = kind.Meta.model  # type: ignore[attr-defined]  # every subclass has one
    values = dict(_allowed_values(model))
    required = set(schema.get("required", ()))
    for name, field in kind().dump_fields.items():
        member, attribute = field.data_key or name, (field.attribute or name).partition(".")[0]
        if name in kind.sometimes:
            required.discard(member)
        elif hasattr(model, attribute):
            required.add(member)
        if attribute in values:
            null = [None] if field.allow_none else []
            schema["properties"][member].setdefault("enum", [*values[attribute], *null])
    if required:
        schema["required"] = sorted(required)


def describe_headers(
    operation: dict[str, Any], method: str, route: Route, schemas: Mapping[str, Any]
) -> None:
    """Add the headers of each response to *operation*, and 304 for a GET with an ETag."""
    responses = operation["responses"]
    for status, response in list(responses.items()):
        if "$ref" in response:
            continue
        members = _members(response, schemas)
        names = sorted(_headers(status, members, route))
        if names:
            response["headers"] = {name: _header(name) for name in names}
        if method == "get" and "ETag" in names:
            responses["304"] = {
                "description": "Not modified: If-None-Match has the current version",
                "headers": {"ETag": _header("ETag")},
            }


def _allowed_values(model: type[Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the columns whose values a CHECK constraint lists, with the values."""
    for constraint in model.__table__.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            found = _ONE_OF.fullmatch(str(constraint.sqltext))
            if found:
                yield found[1], re.findall(r"'(\w+)'", found[2])


def _members(response: Mapping[str, Any], schemas: Mapping[str, Any]) -> frozenset[str]:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return frozenset(schemas.get(name, schema).get("properties", ()))


def _headers(status: str, members: frozenset[str], route: Route) -> Iterator[str]:
    if "version" in members:
        yield "ETag"
    if {"data", "next_cursor"} <= members:
        yield "Link"
    if status == "201":
        yield "Location"
    if route.idempotent:
        yield "Idempotency-Replayed"


def _header(name: str) -> dict[str, Any]:
    return {**_HEADERS[name], "schema": {"type": "string"}}
