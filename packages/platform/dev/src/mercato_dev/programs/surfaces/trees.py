"""Convert OpenAPI and JSON Schema to trees in which every part has a name."""

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
    """Convert a part of a document to a tree: a property is ``.name``, a keyword is a fact.

    Args:
        part: An operation, a response, a schema and so on.
        must: The fact of a property that is always present: ``required`` where clients send it,
            ``always`` where they receive it.
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
    """Convert the value of a keyword to a tree, a list of words or a fact."""
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
    """Return the name of a list item: of a parameter ``query limit``, else its content."""
    return f"{one['in']} {one['name']}" if "in" in one else json.dumps(tree_of(one), sort_keys=True)
