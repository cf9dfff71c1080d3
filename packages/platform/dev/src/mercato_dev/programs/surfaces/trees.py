"""OpenAPI and JSON Schema as trees in which everything has a name, so that a diff knows nothing."""

import json
from typing import Any

Tree = dict[str, Any]

PROSE = {"$comment", "description", "example", "examples", "externalDocs", "readOnly", "summary"}
PROSE |= {"tags", "title", "writeOnly"}
FLAGS = {"deprecated", "multiple"}
MAPS = {"content", "headers", "properties", "responses"}
NESTED = {"additionalProperties", "allOf", "anyOf", "choices", "enum", "items", "oneOf"}
NESTED |= {"opts", "parameters", "requestBody", "required", "schema", "type"}


def tree_of(part: Tree, must: str = "required") -> Tree:
    """Write a part of a document as a tree: a field is ``.name``, an unknown keyword is a fact.

    Args:
        part: An operation, a response, a schema, or something of their kind.
        must: The fact of a field that is never absent: ``required`` where others send the values,
            ``always`` where others read them.
    """
    tree: Tree = {}
    for key, value in part.items():
        if key in MAPS:
            prefix = "." if key == "properties" else f"{key} "
            tree |= {f"{prefix}{name}": tree_of(one, must) for name, one in value.items()}
        elif key == "x-permission" or not (key in PROSE or key.startswith("x-")):
            tree[key] = value_of(key, value, must)
    if isinstance(required := tree.pop("required", None), list):
        tree |= {f".{name}": {**tree.get(f".{name}", {}), must: True} for name in required}
    elif required:
        tree["required"] = True
    return {key: value for key, value in tree.items() if not (value is False and key in FLAGS)}


def value_of(key: str, value: Any, must: str) -> Any:
    """Write the value of a keyword: as a tree, as a list of words, or as a fact."""
    if key in NESTED and isinstance(value, dict):
        return tree_of(value, must)
    if key in NESTED and isinstance(value, list | tuple):
        if any(isinstance(one, dict) for one in value):
            return {name_of(one): tree_of(one, must) for one in value}
        return sorted(one if isinstance(one, str) else json.dumps(one) for one in value)
    if key == "type":
        return [value]
    return value if isinstance(value, str | int | float) else json.dumps(value, sort_keys=True)


def name_of(one: Tree) -> str:
    """Name a part of a list: a parameter by its place and name, any other by what it says."""
    return f"{one['in']} {one['name']}" if "in" in one else json.dumps(tree_of(one), sort_keys=True)
