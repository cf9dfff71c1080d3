"""Build the OpenAPI document of the composed features with flask-smorest."""

from collections.abc import Iterable, Iterator
from typing import Any

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin
from marshmallow import Schema
from marshmallow.class_registry import get_class

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_kit.http import Route
from mercato_kit.policies import anyone, signed_in
from mercato_kit.schemas import ProblemSchema
from mercato_runtime.api.dialect import translate
from mercato_runtime.api.responses import describe_headers, describe_members
from mercato_runtime.problems import MEDIA_TYPE

_PROBLEM = "#/components/responses/Problem"
_SCHEMAS = "#/components/schemas/"
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token that is sent must be valid, also where none is required; else 401.",
}


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest is untyped
    """A flask-smorest ``Api`` with the kit's problems and component names.

    It does not use flask-smorest's error handlers and pages.

    Args:
        app: The app.
    """

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        self.names = ComponentNames()
        plugin = MarshmallowPlugin(schema_name_resolver=self.names)
        super().__init__(app, spec_kwargs={"marshmallow_plugin": plugin})
        # flask-smorest's commands would write the document without the changes of build_document().
        app.cli.commands.pop("openapi")

    def register_feature(self, feature: Candidate) -> None:
        """Register and document the blueprints of *feature*."""
        self.names.feature = feature
        # apispec caches the name of a class, but a class used by two features has two names.
        converter = self.ma_plugin.converter
        converter.refs = {key: name for key, name in converter.refs.items() if _is_of_kit(key[0])}
        for blueprint in feature.manifest.blueprints:
            self.register_blueprint(blueprint, url_prefix=feature.prefix_of(blueprint))

    def _register_error_handlers(self) -> None:
        """Do nothing: :mod:`mercato_runtime.problems` handles errors."""


class ComponentNames:
    """Names components after the feature: ``ReviewsComment`` for ``CommentSchema`` of ``reviews``.

    So a name does not depend on the other features. Schemas of the kit have no prefix.
    """

    def __init__(self) -> None:
        self.feature: Candidate | None = None
        self.faults: list[Fault] = []
        self._given: dict[str, tuple[type[Schema], Candidate | None]] = {}

    def __call__(self, schema: Any) -> str:
        """Return the component name of a schema class, instance or class name."""
        kind = _class_of(schema)
        name = kind.__name__.removesuffix("Schema")
        if self.feature is not None and not _is_of_kit(kind):
            name = _camel(self.feature.name) + name
        if name in self._given and self.feature is not None:
            self.faults.append(self._clash(name, kind, self.feature))
            # Continue with another name to find more clashes; the faults stop the start.
            name = f"{name}{len(self.faults)}"
        self._given[name] = (kind, self.feature)
        return name

    def kind_of(self, name: str) -> type[Schema]:
        """Return the schema class of the component *name*."""
        return self._given[name][0]

    def _clash(self, name: str, kind: type[Schema], feature: Candidate) -> Fault:
        other, owner = self._given[name]
        if other is kind and owner is feature:
            what = f"{kind.__name__} is used with different only=, exclude= or partial=."
            fix = "write one schema class for each shape"
        else:
            whose = f" of {owner.where}" if owner and owner is not feature else ""
            what = "\n".join(
                [
                    f"two schemas have the name {name} in the API document:",
                    f"{other.__module__}.{other.__name__}{whose}",
                    f"{kind.__module__}.{kind.__name__}",
                ]
            )
            fix = "rename one of them"
        return feature.fault("K407", what, Outside(fix))


def build_document(api: Api, features: Iterable[Candidate]) -> dict[str, Any]:
    """Return the OpenAPI document of *features*.

    The part of a feature does not depend on the other features.
    """
    features = list(features)
    document: dict[str, Any] = api.spec.to_dict()
    schemas = document["components"]["schemas"]
    operations = dict(_operations(document, features))
    for feature, route, method, operation in operations.values():
        _describe(operation, feature, route, schemas)
        describe_headers(operation, method, route, schemas)
    document["tags"] = [
        {"name": feature.name, "description": feature.manifest.summary}
        for feature in sorted(features, key=lambda one: one.name)
        if feature.manifest.blueprints
    ]
    _open_responses(schemas, [operation for *_, operation in operations.values()], api.names)
    translate(document)
    used = _reachable(schemas, [document["paths"], {"$ref": _SCHEMAS + "Problem"}])
    document["components"] = {
        "schemas": {name: schemas[name] for name in sorted(used)},
        "responses": {"Problem": _problem_response()},
        "securitySchemes": {"bearer": dict(_BEARER)},
    }
    return document


def _is_of_kit(kind: type[Schema]) -> bool:
    return kind.__module__.startswith("mercato_kit.")


def _class_of(schema: Any) -> type[Schema]:
    if isinstance(schema, str):
        return get_class(schema)
    return schema if isinstance(schema, type) else type(schema)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _operations(
    document: dict[str, Any], features: Iterable[Candidate]
) -> Iterator[tuple[str, tuple[Candidate, Route, str, dict[str, Any]]]]:
    """Yield the id of each operation, with its feature, route, method and description."""
    for feature in features:
        for rule, blueprint, route in feature.rules:
            path = document["paths"][FlaskPlugin.flaskpath2openapi(rule)]
            for method in route.methods:
                name = f"{blueprint.name}_{route.endpoint}"
                name += f"_{method.lower()}" if len(route.methods) > 1 else ""
                path[method.lower()]["operationId"] = name
                yield name, (feature, route, method.lower(), path[method.lower()])


def _describe(
    operation: dict[str, Any], feature: Candidate, route: Route, schemas: dict[str, Any]
) -> None:
    """Set tags, requirement of the body and problem responses of an operation."""
    if "requestBody" in operation:
        sent = _refs(operation["requestBody"])
        operation["requestBody"]["required"] = any("required" in schemas[name] for name in sent)
    operation["tags"] = [feature.name]
    # Drop flask-smorest's references, one for each status: all problems share one response.
    responses = {
        status: response
        for status, response in operation["responses"].items()
        if "$ref" not in response
    }
    for status in sorted(_problem_statuses(operation, route)):
        responses.setdefault(status, {"$ref": _PROBLEM})
    responses["default"] = {"$ref": _PROBLEM}
    operation["responses"] = responses


def _problem_statuses(operation: dict[str, Any], route: Route) -> Iterator[str]:
    if route.allow is not None and not route.allow.as_guest:
        yield "401"
    if route.allow is not None and route.allow.name not in (anyone.name, signed_in.name):
        yield "403"
    if "<" in route.rule:
        yield "404"
    if "requestBody" in operation:
        yield from ("400", "413", "415", "422")
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
        yield "422"
    if route.idempotent:
        yield from ("400", "409", "422")
    if route.if_match:
        yield from ("412", "428")


def _problem_response() -> dict[str, Any]:
    return {
        "description": "A problem document (RFC 9457); `code` identifies the problem",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _SCHEMAS + "Problem"}}},
    }


def _open_responses(
    schemas: dict[str, Any], operations: list[dict[str, Any]], names: ComponentNames
) -> None:
    """Allow additional members in schemas of responses, so that later versions can add some."""
    bodies = [operation.get("requestBody", {}) for operation in operations]
    sent = _reachable(schemas, bodies)
    for name, schema in schemas.items():
        if name not in sent:
            schema.pop("additionalProperties", None)
            describe_members(schema, names.kind_of(name))


def _reachable(schemas: dict[str, Any], start: Iterable[Any]) -> set[str]:
    """Return the names of the schemas that *start* refers to, directly or indirectly."""
    found: set[str] = set()
    waiting = [name for part in start for name in _refs(part)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _refs(schemas[name])
    return found


def _refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(_SCHEMAS):
            yield reference.removeprefix(_SCHEMAS)
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _refs(item)
