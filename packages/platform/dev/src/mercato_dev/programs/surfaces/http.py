"""Describe what clients see: operations, and the schemas that they send and receive."""

from collections.abc import Callable, Sequence
from tempfile import TemporaryDirectory
from types import new_class
from typing import Any

from mercato_kit.feature import Feature, Offer
from mercato_kit.identity import IdentityProvider
from surfaces.trees import Tree, tree_of

METHODS = {"delete", "get", "head", "options", "patch", "post", "put", "trace"}


def describe_http(features: Sequence[Feature], create_app: Callable[..., Any]) -> Tree:
    """Boot a host with the routes of *features*, and describe its API document."""
    if not features:
        return {}
    identity = Offer(IdentityProvider, "1.0", new_class("StandIn", (IdentityProvider,)))
    bare = [Feature(name="stand_in", summary="Provides identity.", offers=[identity])]
    for one in features:
        blueprints = [*one.blueprints, *(found for glue in one.glue for found in glue.blueprints)]
        routes = Feature(
            name=one.name, summary=one.summary, blueprints=blueprints, permissions=one.permissions
        )
        bare.append(routes)
    with TemporaryDirectory() as folder:
        database = {"url": f"sqlite:///{folder}/never-opened.db"}
        app = create_app({"environment": "testing", "database": database}, features=bare)
        return describe_document(app.test_client().get("/openapi.json").get_json())


def describe_document(document: Tree) -> Tree:
    """Describe the operations of an API document, and the components that clients send and read."""
    components = {
        f"{kind}/{name}": part
        for kind, parts in document["components"].items()
        for name, part in parts.items()
    }
    operations: Tree = {}
    used: dict[str, set[str]] = {"sent": set(), "read": set()}
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            parameters = [*item.get("parameters", ()), *item[method].get("parameters", ())]
            sent = {**item[method], "parameters": parameters}
            read = {"responses": sent.pop("responses", {})}
            used["sent"] |= find_names(sent, components)
            used["read"] |= find_names(read, components)
            operations[f"{method.upper()} {path}"] = tree_of(sent) | tree_of(read, "always")
    described = {
        way: {name: tree_of(components[name], must) for name in used[way]}
        for way, must in (("sent", "required"), ("read", "always"))
    }
    return {"operations": operations, "components": described}


def find_names(part: Any, components: Tree) -> set[str]:
    """Return the names of the components that *part* refers to, directly or through others."""
    found: set[str] = set()
    parts = [part]
    while parts:
        one = parts.pop()
        if isinstance(one, dict) and "$ref" in one:
            name = str(one["$ref"]).removeprefix("#/components/")
            parts += [] if name in found else [components[name]]
            found.add(name)
        parts += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return found
