"""Schemas as JSON Schema 2020-12 and OpenAPI 3.1 write them, with one way to say each thing."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

Schema = Mapping[str, Any]

KINDS = frozenset({"array", "boolean", "integer", "number", "object", "string"})
"""What a value can be, if it is not null; every integer is a number, too."""

_KIND_OF = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
_CHOICES = ("anyOf", "oneOf")


@dataclass(frozen=True)
class Shape:
    """What a schema says, with its references followed.

    Args:
        name: The component that it is; None where it is written out.
        kinds: What its values can be, of :data:`KINDS`.
        nullable: Whether null is one of them.
        variants: Schemas of which a value must fit one; none where there is nothing to choose.
        keywords: Everything else.
    """

    name: str | None
    kinds: frozenset[str]
    nullable: bool
    variants: tuple[Schema, ...]
    keywords: Schema

    @property
    def without_null(self) -> Schema:
        """The schema of its values but for null, where there is nothing to choose."""
        listed = {} if self.words is None else {"enum": self.words}
        return {**self.keywords, "type": sorted(self.kinds), **listed}

    @property
    def words(self) -> list[Any] | None:
        """The values that it allows, but for null; None where it does not list them."""
        listed = _listed(self.keywords)
        return None if listed is None else [value for value in listed if value is not None]


class Components:
    """The schemas that a document names, and refers to by ``#/components/schemas/NAME``."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def read(self, schema: Schema) -> Shape:
        """Return what *schema* says."""
        name, keywords = self._resolve(schema)
        options = [one for key in _CHOICES for one in keywords.pop(key, ())]
        variants = [one for one in options if one.get("type") not in ("null", ["null"])]
        if len(variants) == 1:
            inner, more = self._resolve(variants.pop())
            name, keywords = name or inner, _joined([more, keywords])
        choices = [self.read(one) for one in variants]
        own = Shape(name, _kinds(keywords), _allows_null(keywords), (), keywords)
        found = choices or [own]
        return replace(
            own,
            kinds=frozenset[str]().union(*(one.kinds for one in found)),
            nullable=len(options) > max(len(variants), 1) or any(one.nullable for one in found),
            variants=tuple(variants),
        )

    def _resolve(
        self, schema: Schema, seen: Sequence[str] = ()
    ) -> tuple[str | None, dict[str, Any]]:
        """Follow ``$ref``, and join what stands in ``allOf``; also name the component."""
        own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        parts = list(schema.get("allOf", ()))
        reference = str(schema.get("$ref", "")).rpartition("/")[2]
        if reference and reference not in seen:
            parts.append(self._schemas[reference])
        found = [self._resolve(part, [*seen, reference]) for part in parts]
        name = found[0][0] if len(found) == 1 else None
        return reference or name, _joined([*(keywords for _, keywords in found), own])


def _joined(parts: Sequence[Schema]) -> dict[str, Any]:
    """Join schemas that hold together; of a keyword that two have, the later one's counts."""
    joined: dict[str, Any] = {}
    for part in parts:
        fields = {**joined.get("properties", {}), **part.get("properties", {})}
        required = {*joined.get("required", ()), *part.get("required", ())}
        joined |= part
        joined |= {"properties": fields} if fields else {}
        joined |= {"required": sorted(required)} if required else {}
    return joined


def _types(keywords: Schema) -> list[str] | None:
    stated = keywords.get("type")
    return [stated] if isinstance(stated, str) else stated


def _listed(keywords: Schema) -> list[Any] | None:
    return [keywords["const"]] if "const" in keywords else keywords.get("enum")


def _kinds(keywords: Schema) -> frozenset[str]:
    types, listed = _types(keywords), _listed(keywords)
    if types is None and listed is not None:
        types = [_KIND_OF.get(type(value), "object") for value in listed if value is not None]
    if types is None:
        return KINDS
    return frozenset({*types, *(["integer"] if "number" in types else [])} - {"null"})


def _allows_null(keywords: Schema) -> bool:
    types, listed = _types(keywords), _listed(keywords)
    return (types is None or "null" in types) and (listed is None or None in listed)
