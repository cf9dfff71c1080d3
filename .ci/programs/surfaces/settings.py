"""What operators set: the settings of a distribution as a JSON Schema."""

import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

import msgspec

from mercato_composition.report.settings import SECTIONS
from mercato_kit.feature import Feature
from mercato_kit.settings import Secret
from mercato_kit.settings import Settings
from mercato_kit.settings import is_secret

Document = dict[str, Any]

HOST = "mercato-host"
REFERENCES = "#/components/schemas/{name}"

TEXTS = ("https://shop.example", "shop@example.org", "EUR", "2000-01-01", "1", "x")
"""What a setting may be that must be a text of some pattern."""


def describe_settings(name: str, features: Sequence[Feature]) -> Document:
    """Describe settings as a JSON Schema with a property for each, by its full name."""
    fields = {
        f"{prefix}.{field.name}".removeprefix("."): field
        for prefix, kind in settings_of(name, features)
        for field in msgspec.structs.fields(kind)
    }
    schemas, components = schemas_of(field.type for field in fields.values())
    described = {
        key: {**schema, **default_of(field)}
        for (key, field), schema in zip(fields.items(), schemas, strict=True)
    }
    required = sorted(key for key, field in fields.items() if field.required)
    return {
        "schema": {"type": "object", "properties": described, "required": required},
        "components": components,
    }


def settings_of(name: str, features: Sequence[Feature]) -> Iterator[tuple[str, type[Settings]]]:
    """Give the classes of settings, with what their names start with."""
    if name == HOST:
        yield from ((".".join(path), kind) for path, kind in SECTIONS.items())
    for feature in features:
        if feature.settings is not None:
            yield feature.name, feature.settings


def schemas_of(types: Iterable[Any]) -> tuple[Sequence[Document], Document]:
    """Write types as JSON Schema."""
    schemas, components = msgspec.json.schema_components(
        types, schema_hook=schema_of_secret, ref_template=REFERENCES
    )
    return schemas, components


def schema_of_secret(kind: type) -> Document:
    """Write a type that msgspec does not know; one that nobody knows is anything."""
    return {"type": "string", "format": "password"} if kind is Secret else {}


def default_of(field: msgspec.structs.FieldInfo) -> Document:
    """Return a field's default, if it is a value that anybody may see."""
    if field.default is msgspec.NODEFAULT or is_secret(field):
        return {}
    return {"default": msgspec.to_builtins(field.default, enc_hook=str)}


def made_up_settings(settings: type[Settings] | None) -> Document:
    """Make up what an operator must set."""
    if settings is None:
        return {}
    fields = {field.name: field for field in msgspec.structs.fields(settings) if field.required}
    schemas, components = schemas_of(field.type for field in fields.values())
    return {name: made_up(schema, components) for name, schema in zip(fields, schemas, strict=True)}


def made_up(schema: Document, components: Document) -> Any:
    """Make up a value that fits *schema*."""
    if "$ref" in schema:
        return made_up(components[schema["$ref"].rpartition("/")[2]], components)
    for choice in ("anyOf", "enum"):
        if choice in schema:
            first = schema[choice][0]
            return made_up(first, components) if choice == "anyOf" else first
    if schema.get("type") == "object":
        required = {name: schema["properties"][name] for name in schema.get("required", ())}
        return {name: made_up(one, components) for name, one in required.items()}
    if schema.get("type") in ("integer", "number"):
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    if schema.get("type") == "string":
        fitting = (one for one in TEXTS if re.search(schema.get("pattern", ""), one))
        return next(fitting, "x").ljust(schema.get("minLength", 0), "x")
    return {"boolean": False, "array": []}.get(schema.get("type", ""))
