"""Put the recorded examples of features into the API document.

A feature's ``examples.json`` has a record for each operation: ``request`` (``body``, ``path``,
``query``, ``headers``), ``status``, ``answer``, and ``refusals`` by code.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from mercato_composition.features.candidate import Candidate

FILE = "examples.json"
_JSON = "application/json"
_PLACES = {"path": "path", "query": "query", "header": "headers"}

Schemas = Mapping[str, dict[str, Any]]


def examples_of(feature: Candidate) -> dict[str, Any]:
    """Return the examples that the package of *feature* has, by operation."""
    found: dict[str, Any] = {}
    for package in {one.import_name.partition(".")[0] for one in feature.manifest.blueprints}:
        try:
            file = files(package).joinpath(FILE)
        except (ModuleNotFoundError, TypeError):
            # A manifest that was handed to create_app may be in a module without a package.
            continue
        if file.is_file():
            found |= json.loads(file.read_text("utf-8"))
    return found


def add_examples(operation: dict[str, Any], record: Mapping[str, Any], schemas: Schemas) -> None:
    """Add the recorded request and responses to an operation.

    Args:
        operation: The operation, with the parameters of its path; it is changed in place.
        record: What was recorded of it.
        schemas: The components; properties of a body get its values as examples.
    """
    request = record.get("request", {})
    for parameter in operation.get("parameters", ()):
        value = request.get(_PLACES.get(parameter["in"], ""), {}).get(parameter["name"])
        # Swagger UI sends the example of an optional parameter, too.
        if value is not None and parameter["required"]:
            parameter["example"] = value
    if "body" in request and "requestBody" in operation:
        content = operation["requestBody"]["content"][_JSON]
        content["example"] = request["body"]
        for schema, value in _values(content["schema"], request["body"], schemas):
            schema.setdefault("examples", [value])
    _add_answers(operation["responses"], record)


def share_examples(components: Iterable[dict[str, Any]]) -> None:
    """Give each property with a pattern the example of another one with its name and pattern."""
    found: dict[tuple[str, str], Any] = {}
    without = []
    for name, schema in (it for component in components for it in _patterns(component)):
        if "examples" in schema:
            found[name, schema["pattern"]] = schema["examples"]
        else:
            without.append((name, schema))
    for name, schema in without:
        if (key := (name, schema["pattern"])) in found:
            schema["examples"] = found[key]


def _patterns(component: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, member in component.get("properties", {}).items():
        for schema in (member, member.get("items"), member.get("additionalProperties")):
            if isinstance(schema, dict) and "pattern" in schema:
                yield name, schema


def _add_answers(responses: dict[str, Any], record: Mapping[str, Any]) -> None:
    answered = responses.get(str(record.get("status")), {})
    if _JSON in answered.get("content", {}):
        answered["content"][_JSON]["example"] = record["answer"]
    for code, problem in record.get("refusals", {}).items():
        for content in responses.get(str(problem["status"]), {}).get("content", {}).values():
            content.setdefault("examples", {})[code] = {"value": problem}


def _values(
    schema: dict[str, Any], value: Any, schemas: Schemas
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the schemas of texts in *value*, with the texts."""
    schema = _resolve(schema, schemas)
    if isinstance(value, list):
        for item in value:
            yield from _values(schema.get("items", {}), item, schemas)
    elif isinstance(value, dict):
        for name, member in value.items():
            part = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if isinstance(part, dict):
                yield from _values(part, member, schemas)
    elif isinstance(value, str) and "pattern" in schema:
        yield schema, value


def _resolve(schema: dict[str, Any], schemas: Schemas) -> dict[str, Any]:
    """Return the component that *schema* refers to, also where it may be null."""
    for one in [schema, *schema.get("anyOf", ())]:
        if "$ref" in one:
            return schemas[one["$ref"].rpartition("/")[2]]
    return schema
