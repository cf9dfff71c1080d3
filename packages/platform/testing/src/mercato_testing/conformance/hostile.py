"""Send bad input to every endpoint: it must get a problem document and change no rows."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import marshmallow as ma
import sqlalchemy as sa
from flask import Flask
from marshmallow import fields
from werkzeug.routing import BuildError, Rule
from werkzeug.test import TestResponse

from mercato_kit.db import engine, new_id
from mercato_kit.errors import Problem
from mercato_kit.feature import Feature
from mercato_kit.http import Route
from mercato_kit.models import Base
from mercato_testing.client import Client
from mercato_testing.conformance.schemas import arguments_of
from mercato_testing.conformance.tables import tables_of

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_TOO_LARGE = 64 * 1024 + 1

_NO_TEXT = {"NUL": "a\x00b", "half a surrogate pair": "a\ud800b"}

_VALUES: dict[str, Any] = {
    "null": None,
    "true": True,
    "empty text": "",
    "long text": "x" * 30_000,
    "empty list": [],
    "empty object": {},
    "negative number": -1,
    "fraction": 2.9,
    "number as text": "3",
    "2^31": 2**31,
    "2^63": 2**63,
    "10^30": 10**30,
    "year 1 with offset": "0001-01-01T00:00:00+14:00",
    "percent and backslash": "%_\\'\";--",
}

_PATHS = ("%00", "%ED%A0%80", "x", "99999999999999999999", "-1", "../..", "x" * 3000)


@dataclass(frozen=True, slots=True)
class Attack:
    """One request with bad input.

    Args:
        name: What is wrong with it.
        method: The HTTP method.
        path: The path with the query string.
        data: The body.
        content_type: The content type of the body.
        must_fail: Whether it must be refused.
    """

    name: str
    method: str
    path: str
    data: bytes | None = None
    content_type: str | None = None
    must_fail: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path[:100]} with {self.name}"


def surviving_attacks(app: Flask, feature: Feature, client: Client) -> Iterator[str]:
    """Send bad input to every endpoint of *feature*, and find wrong responses.

    Args:
        app: The host with the feature.
        feature: The feature.
        client: A client with all permissions.
    """
    before = count_rows(app, feature)
    for attack in attacks_on(app, feature):
        response = client.open(
            attack.path,
            method=attack.method,
            data=attack.data,
            content_type=attack.content_type,
            headers={"If-Match": '"1"'},
        )
        yield from (f"{attack}: {line}" for line in _wrong(attack, response))
        after = count_rows(app, feature)
        if _refused_all(response) and after != before:
            changed = {name for name in after if after[name] != before[name]}
            yield f"{attack}: refused, but changed {', '.join(sorted(changed))}"
        before = after


def attacks_on(app: Flask, feature: Feature) -> Iterator[Attack]:
    """Return bad requests for every endpoint of *feature*."""
    by_endpoint = {
        f"{blueprint.name}.{route.endpoint}": route
        for blueprint in feature.blueprints
        for route in blueprint.routes
    }
    for rule in app.url_map.iter_rules():
        route = by_endpoint.get(rule.endpoint)
        if route is not None:
            yield from _attacks_on_route(app, rule, route)


def count_rows(app: Flask, feature: Feature) -> dict[str, int]:
    """Count the rows of every table of *feature* and of the kit in one statement."""
    tables = [*tables_of(feature), *Base.metadata.sorted_tables]
    counts = [
        sa.select(sa.literal(table.name), sa.func.count()).select_from(table) for table in tables
    ]
    with app.app_context(), engine().connect() as connection:
        return {row[0]: row[1] for row in connection.execute(sa.union_all(*counts))}


def _attacks_on_route(app: Flask, rule: Rule, route: Route) -> Iterator[Attack]:
    path = _path(app, rule, route.methods[0])
    schemas = {place: schema for schema, place in arguments_of(route)}
    for method in route.methods:
        for bad in _bad_paths(rule):
            yield Attack("a bad path", method, bad, must_fail=False)
        if "query" in schemas:
            yield from _bad_queries(method, path, schemas["query"])
        if method not in ("GET", "HEAD"):
            yield from _bad_bodies(method, path, schemas.get("json"))


def _bad_bodies(method: str, path: str, schema: ma.Schema | None) -> Iterator[Attack]:
    reads = schema is not None
    raw = {
        "malformed JSON": b'{"a": ',
        "a key twice": b'{"a": 1, "a": 2}',
        "no UTF-8": b'{"a": "\xff"}',
        "NaN": b'{"a": NaN}',
        "deep nesting": b"[" * 5000 + b"]" * 5000,
        "a number of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
        "a list": b"[]",
        "a text": b'"x"',
        "an unknown field": b'{"no_such_field": 1}',
        "64 KiB and more": b'{"a": "' + b"x" * _TOO_LARGE + b'"}',
    }
    for name, data in raw.items():
        yield Attack(name, method, path, data, _JSON, must_fail=reads)
    for kind in ("application/x-www-form-urlencoded", "text/plain", "application/xml"):
        yield Attack(kind, method, path, b"a=1", kind, must_fail=reads)
    yield Attack("no body", method, path, must_fail=False)
    if schema is not None:
        for name, value in (_NO_TEXT | _VALUES).items():
            body = json.dumps(_filled(schema, value)).encode()
            must_fail = name in _NO_TEXT and bool(schema.fields)
            yield Attack(f"{name} everywhere", method, path, body, _JSON, must_fail=must_fail)


def _bad_queries(method: str, path: str, schema: ma.Schema) -> Iterator[Attack]:
    yield Attack("an unknown parameter", method, f"{path}?no_such_parameter=1")
    for key, field in schema.fields.items():
        name = quote(field.data_key or key)
        for bad in ("%00", "%ED%A0%80", "", "-1", "9" * 30, "x" * 3000, "1&" + name + "=2"):
            yield Attack(f"{name}={bad[:20]}", method, f"{path}?{name}={bad}", must_fail=False)


def _bad_paths(rule: Rule) -> Iterator[str]:
    """Return the paths of a rule with bad text for its variables."""
    if not rule.arguments:
        return
    for bad in _PATHS:
        parts = [bad if part.startswith("<") else part for part in rule.rule.split("/")]
        yield "/".join(parts)


def _path(app: Flask, rule: Rule, method: str) -> str:
    """Return the path of a rule for a resource that does not exist."""
    urls = app.url_map.bind("localhost")
    for value in (new_id(), 1, "nowhere"):
        try:
            return urls.build(rule.endpoint, dict.fromkeys(rule.arguments, value), method=method)
        except (BuildError, ValueError, TypeError):
            continue
    return rule.rule


def _filled(schema: ma.Schema, value: Any) -> dict[str, Any]:
    """Return a body with the fields of *schema*, all of which have *value*."""
    return {
        field.data_key or key: _filled_field(field, value) for key, field in schema.fields.items()
    }


def _filled_field(field: fields.Field[Any], value: Any) -> Any:
    if isinstance(field, fields.Nested):
        filled = _filled(field.schema, value)
        return [filled] if field.schema.many else filled
    if isinstance(field, fields.List):
        return [_filled_field(field.inner, value)]
    if isinstance(field, fields.Mapping):
        return {"key": value}
    return value


def _wrong(attack: Attack, response: TestResponse) -> Iterator[str]:
    status = response.status_code
    if status >= 500:
        yield f"{status}"
        return
    if status < 400:
        if attack.must_fail:
            yield f"{status}, but it must be refused"
        return
    if response.mimetype != _PROBLEM:
        yield f"{status} as {response.mimetype}"
        return
    problem: Mapping[str, Any] = json.loads(response.get_data())
    missing = {"type", "title", "status", "detail", "code"} - problem.keys()
    if missing:
        yield f"{status} without {', '.join(sorted(missing))}"
    if status == 422 and not _points(problem):
        yield f"422 {problem.get('code')} without a pointer"


def _refused_all(response: TestResponse) -> bool:
    """Whether a response means that nothing was written; some problems keep their work."""
    if response.status_code < 400 or response.mimetype != _PROBLEM:
        return response.status_code >= 400
    return json.loads(response.get_data()).get("code") not in _codes_that_keep_work(Problem)


def _codes_that_keep_work(kind: type[Problem]) -> set[str]:
    codes = {kind.code} if kind.keeps_work else set()
    return codes.union(*map(_codes_that_keep_work, kind.__subclasses__()))


def _points(problem: Mapping[str, Any]) -> bool:
    errors = problem.get("errors") or []
    return bool(errors) and all(isinstance(error.get("pointer"), str) for error in errors)
