"""Checks of input schemas: no unknown fields, no conversions, bounded text."""

from collections.abc import Iterator
from typing import Any, cast

import marshmallow as ma
from marshmallow import fields, validate

from mercato_kit import schemas
from mercato_kit.feature import Feature
from mercato_kit.http import Route

_STRICT: dict[type[fields.Field[Any]], type[fields.Field[Any]]] = {
    fields.Integer: schemas.Integer,
    fields.Boolean: schemas.Boolean,
    fields.UUID: schemas.Uuid,
    fields.DateTime: schemas.Instant,
}
"""Fields that convert their input, and the kit's fields to use instead."""

_BOUNDED_BY_KIND = (
    schemas.Uuid,
    schemas.Instant,
    schemas.Email,
    schemas.Metadata,
    fields.Enum,
    fields.Constant,
)


def routes_of(feature: Feature) -> Iterator[Route]:
    """Return every route of *feature*."""
    for blueprint in feature.blueprints:
        yield from blueprint.routes


def arguments_of(route: Route) -> Iterator[tuple[ma.Schema, str]]:
    """Return the schemas of a route's input with their locations: json, query, …"""
    documented = getattr(route.view, "_apidoc", {})
    for parameter in documented.get("arguments", {}).get("parameters", ()):
        if "schema" in parameter and _is_schema(parameter["schema"]):
            yield _instance(parameter["schema"]), str(parameter["in"])


def results_of(route: Route) -> Iterator[ma.Schema]:
    """Return the schemas of a route's responses."""
    documented = getattr(route.view, "_apidoc", {})
    for described in documented.get("response", {}).get("responses", {}).values():
        for content in described if isinstance(described, list) else [described]:
            schema = content.get("schema") if isinstance(content, dict) else None
            if _is_schema(schema):
                yield _instance(schema)


def loose_inputs(feature: Feature) -> Iterator[str]:
    """Find input schemas with unknown fields, conversions or unbounded text."""
    for route in routes_of(feature):
        for schema, _ in arguments_of(route):
            yield from (f"{route.rule}: {line}" for line in _loose(schema))


def _loose(schema: ma.Schema) -> Iterator[str]:
    name = type(schema).__name__
    if schema.unknown != ma.RAISE:
        yield f"{name} accepts unknown fields"
    if schema.many and not getattr(schema, "max_items", 0):
        yield f"{name} accepts any number of items: set max_items"
    for key, field in schema.fields.items():
        yield from _loose_field(f"{name}.{key}", field)


def _loose_field(where: str, field: fields.Field[Any]) -> Iterator[str]:
    if isinstance(field, fields.Nested):
        yield from _loose(field.schema)
    elif inner := dict(_inner_fields(field)):
        for part, inner_field in inner.items():
            yield from _loose_field(f"{where}{part}", inner_field)
    elif not isinstance(field, _BOUNDED_BY_KIND):
        yield from _loose_value(where, field)
    if schemas.is_unbounded(field):
        yield f"{where} accepts any number of items: use List or Dict of mercato_kit.schemas"


def _inner_fields(field: fields.Field[Any]) -> Iterator[tuple[str, fields.Field[Any]]]:
    """Return the fields of a collection's items."""
    if isinstance(field, fields.List):
        yield "[]", field.inner
    elif isinstance(field, fields.Tuple):
        yield from ((f"[{place}]", inner) for place, inner in enumerate(field.tuple_fields))
    elif isinstance(field, fields.Dict):
        yield " (key)", field.key_field or fields.Raw()
        yield " (value)", field.value_field or fields.Raw()


def _loose_value(where: str, field: fields.Field[Any]) -> Iterator[str]:
    if type(field) in (fields.Raw, fields.Field):
        yield f"{where} accepts anything"
    elif isinstance(field, fields.String) and not _is_bounded(field):
        yield f"{where} is text without a maximum length"
    for lenient, strict in _STRICT.items():
        if isinstance(field, lenient) and not isinstance(field, strict):
            instead = f"mercato_kit.schemas.{strict.__name__}"
            yield f"{where} is a {type(field).__name__}, which converts: use {instead}"


def _is_bounded(field: fields.Field[Any]) -> bool:
    return any(_bounds(validator) for validator in field.validators)


def _bounds(validator: object) -> bool:
    if isinstance(validator, validate.And):
        return any(_bounds(inner) for inner in validator.validators)
    if isinstance(validator, validate.Length):
        return validator.max is not None or validator.equal is not None
    return isinstance(validator, (validate.OneOf, validate.Equal))


def _is_schema(schema: object) -> bool:
    return isinstance(schema, ma.Schema) or (
        isinstance(schema, type) and issubclass(schema, ma.Schema)
    )


def _instance(schema: Any) -> ma.Schema:
    return cast("ma.Schema", schema() if isinstance(schema, type) else schema)
