"""Checks of the API document."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Feature
from mercato_runtime.api.examples import examples_of
from mercato_runtime.api.expansions import names_of
from mercato_runtime.api.names import prefix_of
from mercato_runtime.api.providers import component_of
from mercato_runtime.api.refusals import shared_problems
from mercato_testing.conformance.schemas import routes_of
from mercato_testing.items import MOUNT, expansions_of
from mercato_testing.stage import FAKES

_SHARED = {"Problem", "FieldError", "PaginationMetadata", *shared_problems()}
"""Schemas of the platform, which have no prefix."""

_FAKES = prefix_of(FAKES)
"""What the names of components of fake routes begin with."""

_BYTES = "application/octet-stream"
_METHODS = ("delete", "get", "patch", "post", "put")
_FIX = "add it to the glossary of the blueprint, or to the metadata of the field"


def invalid_parts(document: Mapping[str, Any]) -> Iterator[str]:
    """Find violations of OpenAPI 3.1."""
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield f"{'/'.join(map(str, error.absolute_path)) or 'document'}: {error.message[:300]}"


def strange_names(document: Mapping[str, Any], feature: Feature) -> Iterator[str]:
    """Find schemas whose name does not start with the feature's name."""
    prefix = "".join(part.title() for part in feature.name.split("_"))
    # Of other features, which the document of this one refers to by these names only.
    expanded = {name for it in routes_of(feature) if it.expands for name in names_of(it.expands)}
    expanded |= {
        name for it in expansions_of(feature) for name in names_of((it.contract, it.thing))
    }
    providers = {component_of(need.contract) for need in feature.needs}
    for name in document.get("components", {}).get("schemas", {}):
        if name not in _SHARED | expanded | providers and not name.startswith((prefix, _FAKES)):
            yield f"schema {name}: its name must start with {prefix}"


def undescribed_parts(document: Mapping[str, Any]) -> Iterator[str]:
    """Find components, properties and parameters without a description."""
    for name, component in document["components"]["schemas"].items():
        if not component.get("description"):
            yield f"{name} has no description: write a docstring"
        for member, schema in component.get("properties", {}).items():
            # The component that a bare reference names has a description.
            if not schema.get("description") and "$ref" not in schema:
                yield f"{name}.{member} has no description: {_FIX}"
    for where, parameter in _parameters(document):
        if not parameter.get("description"):
            yield f"{where}: {parameter['name']} has no description: {_FIX}"


def _parameters(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for part in [item, *item.values()]:
            if isinstance(part, Mapping):
                yield from ((path, parameter) for parameter in part.get("parameters", ()))


def has_examples(feature: Feature) -> bool:
    """Return whether the package of a feature has recorded examples."""
    return bool(examples_of(Candidate(feature)))


def missing_examples(document: Mapping[str, Any]) -> Iterator[str]:
    """Find bodies, required parameters, responses and patterns without a valid example.

    Which providers an example may name depends on the deployment, not on the feature.
    """
    document = _with_any_provider(document)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS and not path.startswith(f"{MOUNT}/"):
                shared = item.get("parameters", ())
                for where, part in _illustrated(operation, shared):
                    yield from _wrong(f"{method.upper()} {path}: {where}", part, document)
    for name, component in document["components"]["schemas"].items():
        for member, schema in component.get("properties", {}).items():
            if "pattern" in schema:
                yield from _wrong(
                    f"{name}.{member}", {"schema": schema, **_first(schema)}, document
                )


def _with_any_provider(document: Mapping[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    names = {name: {"type": "string"} for name in schemas if name.endswith("Names")}
    return {**document, "components": {**document["components"], "schemas": {**schemas, **names}}}


def _illustrated(
    operation: Mapping[str, Any], shared: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the parts of an operation that need an example."""
    for parameter in [*operation.get("parameters", ()), *shared]:
        if parameter["required"]:
            yield parameter["name"], parameter
    answers = {f"{it}": one for it, one in operation["responses"].items() if it.startswith("2")}
    for where, part in {"body": operation.get("requestBody", {}), **answers}.items():
        contents = part.get("content", {}).items()
        yield from ((where, content) for kind, content in contents if kind != _BYTES)


def _first(schema: Mapping[str, Any]) -> dict[str, Any]:
    examples = schema.get("examples")
    return {"example": examples[0]} if examples else {}


def _wrong(where: str, part: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[str]:
    if "example" not in part:
        yield f"{where} has no example"
        return
    schema = {**part["schema"], "components": document["components"]}
    for error in Draft202012Validator(schema).iter_errors(part["example"]):
        yield f"{where} has an invalid example: {error.message[:300]}"
