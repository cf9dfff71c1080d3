"""Checks of entry point, policies, permissions, summaries and lists."""

from collections.abc import Iterator
from importlib.metadata import entry_points

import marshmallow as ma

from mercato_kit.feature import ENTRY_POINT_GROUP, Feature
from mercato_kit.http import ListQuerySchema
from mercato_kit.policies import anyone, person, signed_in
from mercato_testing.conformance.schemas import arguments_of, results_of, routes_of
from mercato_testing.items import expansions_of


def missing_entry_point(feature: Feature) -> Iterator[str]:
    """Find why the host would not find the feature under its name."""
    found = entry_points(group=ENTRY_POINT_GROUP, name=feature.name)
    if not found:
        yield (
            f"no installed distribution has an entry point called {feature.name!r} "
            f"in the group {ENTRY_POINT_GROUP!r}"
        )
    for entry in found:
        if entry.load() is not feature:
            yield f"the entry point {entry.name} = {entry.value} refers to another manifest"


def routes_without_policy(feature: Feature) -> Iterator[str]:
    """Find routes without a policy."""
    for route in routes_of(feature):
        if route.allow is None:
            yield f"{route.where}: {route.rule} has no policy: add allow=…"


def undeclared_permissions(feature: Feature) -> Iterator[str]:
    """Find permissions that routes and expansions require and the manifest does not declare."""
    known = {anyone.name, person.name, signed_in.name, *feature.permissions}
    for route in routes_of(feature):
        if route.allow is not None and route.allow.name not in known:
            yield f"{route.where}: the manifest does not declare {route.allow.name!r}"
    for one in expansions_of(feature):
        if one.allow.name not in known:
            yield f"expansion {one.name}: the manifest does not declare {one.allow.name!r}"


def undocumented_routes(feature: Feature) -> Iterator[str]:
    """Find routes whose view has no docstring, whose first line is the API summary."""
    for route in routes_of(feature):
        if not (route.view.__doc__ or "").strip():
            yield f"{route.where}: {route.rule} has no docstring"


def unbounded_lists(feature: Feature) -> Iterator[str]:
    """Find lists without a limit or with an unknown default order."""
    for route in routes_of(feature):
        queries = [schema for schema, place in arguments_of(route) if place == "query"]
        for result in results_of(route):
            if result.many:
                yield f"{route.where}: {route.rule} returns a list without limit: use page_of(…)"
            elif _is_page(result) and not any(isinstance(it, ListQuerySchema) for it in queries):
                yield f"{route.where}: {route.rule} returns pages without a ListQuerySchema"
        for query in queries:
            if isinstance(query, ListQuerySchema) and not _is_sorted(query):
                yield f"{route.where}: default_sort {query.default_sort!r} is not one of its sorts"


def _is_page(schema: ma.Schema) -> bool:
    return {"data", "has_more", "next_cursor"} <= schema.fields.keys()


def _is_sorted(query: ListQuerySchema) -> bool:
    return query.default_sort.removeprefix("-") in query.sorts
