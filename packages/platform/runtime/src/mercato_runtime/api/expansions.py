"""Document what features add to the items of others.

An item refers to two components that are named after the contract, so the part of its feature does
not depend on the features that expand it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from mercato_kit.feature import Expansion, contract_id
from mercato_kit.http import Route
from mercato_kit.http.expansions import MOST, PARAMETER
from mercato_runtime.api.names import prefix_of
from mercato_runtime.api.refusals import SCHEMAS

Items = tuple[type[Any], str]
"""The contract and the thing that a route names, and expansions are of."""

Components = Mapping[Items, Mapping[str, tuple[Expansion, Mapping[str, Any]]]]
"""Expansions by items and name, each with the reference to the component of its schema."""

_TEXT = "Members to add to each item: one call of each feature for a page"
_NAMES = "A member that `expand` adds: what enabled features offer"
_BOUNDS = {"maxItems": MOST, "uniqueItems": True}
_MEMBERS = "What other features add to the item; only with `expand`, which names it"


def names_of(items: Items) -> tuple[str, str]:
    """Return the components of what is added to items, and of its names."""
    contract, thing = items
    stem = prefix_of(contract_id(contract)) + prefix_of(thing)
    return f"{stem}Expanded", f"{stem}Expansions"


def describe_expansions(
    operations: Iterable[tuple[Route, dict[str, Any]]],
    schemas: dict[str, Any],
    found: Components,
) -> None:
    """Add parameter, member and components of expansions to the document.

    Args:
        operations: The operations with their routes; they are changed in place.
        schemas: The components, by name; those of items get a member.
        found: The expansions of the composed features.
    """
    for route, operation in operations:
        if route.expands is not None:
            members, names = names_of(route.expands)
            _add_parameter(operation, {"$ref": SCHEMAS + names})
            _item_of(operation, schemas)["expanded"] = {"$ref": SCHEMAS + members}
            added = found.get(route.expands, {})
            schemas[members] = _members_of(added)
            schemas[names] = _names_of(added)


def _add_parameter(operation: dict[str, Any], name: dict[str, Any]) -> None:
    """Add the parameter, or add the names to what the route itself accepts."""
    parameters = operation.setdefault("parameters", [])
    own = next((it for it in parameters if it["name"] == PARAMETER), None)
    if own is not None:
        own["schema"] |= {"items": {"anyOf": [own["schema"]["items"], name]}, **_BOUNDS}
        return
    listed = {"type": "array", "items": name, "minItems": 1, **_BOUNDS}
    text = f"{_TEXT}; repeat it, or separate values by commas"
    parameters.append(
        {
            "in": "query",
            "name": PARAMETER,
            "required": False,
            "description": text,
            "schema": listed,
            "style": "form",
            "explode": True,
        }
    )


def _item_of(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of an operation's items: of its answer, or of ``data`` in a page."""
    content = operation["responses"].get("200", {}).get("content", {})
    properties = _properties(content.get("application/json", {}).get("schema", {}), schemas)
    if {"data", "has_more"} <= properties.keys():
        return _properties(properties["data"].get("items", {}), schemas)
    return properties


def _properties(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix(SCHEMAS)
    found: dict[str, Any] = schemas.get(name, {}).get("properties", {})
    return found


def _members_of(added: Mapping[str, tuple[Expansion, Mapping[str, Any]]]) -> dict[str, Any]:
    properties = {
        name: {"anyOf": [dict(schema), {"type": "null"}], "description": one.summary}
        for name, (one, schema) in added.items()
    }
    return {"type": "object", "description": _MEMBERS, "properties": properties}


def _names_of(added: Iterable[str]) -> dict[str, Any]:
    names = sorted(added)
    # An empty enum is no valid type for many generators of clients.
    accepted: dict[str, Any] = {"enum": names} if names else {"not": {}}
    return {"type": "string", "description": _NAMES, **accepted}
