"""Build the OpenAPI document of the composed features."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask_smorest.spec.plugins import FlaskPlugin

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.relations import OffersByContract
from mercato_kit.http import Route
from mercato_runtime.api import Api
from mercato_runtime.api.dialect import translate
from mercato_runtime.api.examples import add_examples, examples_of, share_examples
from mercato_runtime.api.expansions import describe_expansions
from mercato_runtime.api.glossary import (
    WORDS,
    describe_component,
    describe_parameters,
    words_of,
)
from mercato_runtime.api.names import ComponentNames, prefix_of
from mercato_runtime.api.providers import describe_providers
from mercato_runtime.api.refusals import (
    RESPONSES,
    SCHEMAS,
    describe_refusals,
    problem_schemas,
    shared_responses,
)
from mercato_runtime.api.responses import describe_headers, describe_members

_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A token that is sent must be valid, also where none is required; else 401.",
}


def build_document(
    api: Api, features: Iterable[Candidate], answers: OffersByContract
) -> dict[str, Any]:
    """Return the OpenAPI document of *features*.

    The part of a feature does not depend on the other features.

    Args:
        api: The routes and schemas of the features.
        features: The features.
        answers: What answers each contract, whose names are a component.
    """
    features = list(features)
    document: dict[str, Any] = api.spec.to_dict()
    schemas = document["components"]["schemas"]
    describe_providers(schemas, api.contracts, answers)
    operations = dict(_operations(document, features))
    for feature, route, method, operation in operations.values():
        _describe(operation, feature, route, schemas)
        describe_headers(operation, method, route, schemas)
    routes = [(route, prefix_of(feature.name)) for feature, route, *_ in operations.values()]
    _describe_parts(document, api.names, features)
    _illustrate(document, operations, features)
    document["tags"] = [
        {"name": feature.name, "description": feature.manifest.summary}
        for feature in sorted(features, key=lambda one: one.name)
        if feature.manifest.blueprints
    ]
    _open_responses(schemas, [operation for *_, operation in operations.values()], api.names)
    routed = [(route, operation) for _, route, _, operation in operations.values()]
    describe_expansions(routed, schemas, api.expansions)
    translate(document)
    schemas |= problem_schemas(routes, schemas["Problem"])
    responses = _used_responses(document["paths"])
    used = _reachable(schemas, [document["paths"], responses])
    document["components"] = {
        "schemas": {name: schemas[name] for name in sorted(used)},
        "responses": responses,
        "securitySchemes": {"bearer": dict(_BEARER)},
    }
    return document


def _describe_parts(
    document: dict[str, Any], names: ComponentNames, features: Iterable[Candidate]
) -> None:
    """Describe the components and the parameters of *features* in their words."""
    for name, schema in document["components"]["schemas"].items():
        owner = names.owner_of(name)
        words = words_of(owner) if owner else WORDS
        describe_component(schema, names.kind_of(name), words)
    for feature in features:
        words = words_of(feature)
        for rule, _, _ in feature.rules:
            path = document["paths"][FlaskPlugin.flaskpath2openapi(rule)]
            for part in [path, *path.values()]:
                if isinstance(part, dict):
                    describe_parameters(part.get("parameters", ()), words)


def _illustrate(
    document: dict[str, Any],
    operations: Mapping[str, tuple[Candidate, Route, str, dict[str, Any]]],
    features: Iterable[Candidate],
) -> None:
    """Add recorded examples to the operations, and to the parameters of their paths."""
    schemas = document["components"]["schemas"]
    records = {name: it for one in features for name, it in examples_of(one).items()}
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and operation.get("operationId") in operations:
                shared = [it for it in path.get("parameters", ()) if isinstance(it, dict)]
                parameters = [*operation.get("parameters", ()), *shared]
                record = records.get(operation["operationId"], {})
                add_examples({**operation, "parameters": parameters}, record, schemas)
    for feature in features:
        prefix = prefix_of(feature.name)
        share_examples(it for name, it in schemas.items() if name.startswith(prefix))


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
    # Drop flask-smorest's references, one for each status.
    responses = {
        status: response
        for status, response in operation["responses"].items()
        if "$ref" not in response
    }
    operation["responses"] = responses | describe_refusals(route, prefix_of(feature.name))


def _used_responses(paths: Any) -> dict[str, Any]:
    """Return the shared responses that *paths* refers to, by name."""
    used = {"Problem", *_refs(paths, RESPONSES)}
    shared = shared_responses()
    return {name: shared[name] for name in sorted(used)}


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


def _refs(part: Any, kind: str = SCHEMAS) -> Iterator[str]:
    if isinstance(part, dict):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith(kind):
            yield reference.removeprefix(kind)
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from _refs(item, kind)
