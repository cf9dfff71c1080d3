"""What the API document says of answers: their members, their headers, and 304."""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema

from mercato_kit.http import Route
from mercato_kit.schemas import ModelSchema

_ONE_OF = re.compile(r"(\w+) IN \(('\w+'(?:, *'\w+')*)\)")

_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {"description": "The version, for If-Match and If-None-Match"},
    "Idempotency-Replayed": {"description": "`true` where the answer was stored under the key"},
    "Link": {"description": 'The next page, as `rel="next"`, where there is one'},
    "Location": {"description": "Where the new thing is, where it has an address"},
}


def describe_members(schema: dict[str, Any], kind: type[Schema]) -> None:
    """Say which members an answer always has, and which words they may be.

    Args:
        schema: The component, which is changed.
        kind: What it was made from. Of an answer that is not read off a model nothing is known.
    """
    if not issubclass(kind, ModelSchema):
        return
    model: type[Any] = kind.Meta.model  # type: ignore[attr-defined]  # every subclass has one
    words = dict(_words(model))
    required = set(schema.get("required", ()))
    for name, field in kind().dump_fields.items():
        member, attribute = field.data_key or name, (field.attribute or name).partition(".")[0]
        if name in kind.sometimes:
            required.discard(member)
        elif hasattr(model, attribute):
            required.add(member)
        if attribute in words:
            null = [None] if field.allow_none else []
            schema["properties"][member].setdefault("enum", [*words[attribute], *null])
    if required:
        schema["required"] = sorted(required)


def describe_headers(
    operation: dict[str, Any], method: str, route: Route, schemas: Mapping[str, Any]
) -> None:
    """Put the headers of each answer into *operation*, and 304 where a version can be named."""
    answers = operation["responses"]
    for status, answer in list(answers.items()):
        if "$ref" in answer:
            continue
        members = _members(answer, schemas)
        names = sorted(_headers(status, members, route))
        if names:
            answer["headers"] = {name: _header(name) for name in names}
        if method == "get" and "ETag" in names:
            answers["304"] = {
                "description": "The client has it already, as If-None-Match said",
                "headers": {"ETag": _header("ETag")},
            }


def _words(model: type[Any]) -> Iterator[tuple[str, list[str]]]:
    """Give the columns that may be some words only, as the CHECKs of the table say."""
    for constraint in model.__table__.constraints:
        if isinstance(constraint, sa.CheckConstraint):
            found = _ONE_OF.fullmatch(str(constraint.sqltext))
            if found:
                yield found[1], re.findall(r"'(\w+)'", found[2])


def _members(answer: Mapping[str, Any], schemas: Mapping[str, Any]) -> frozenset[str]:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
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
