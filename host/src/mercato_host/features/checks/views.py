"""K106 and K401: every route has a policy, and an address of its own."""

import re
from collections.abc import Iterator
from collections.abc import Sequence

from mercato_host.deployment import Deployment
from mercato_host.faults import Fault
from mercato_host.features.composed import Composed
from mercato_host.routes import HOST_RULES
from mercato_kit.http import Route

_VARIABLE = re.compile(r"<(?:([^:<>]+):)?[^<>]+>")

Owner = tuple[Composed | None, str]
"""A feature (None is the host), and file and line."""


def policies(features: Sequence[Composed], _deployment: Deployment) -> Iterator[Fault]:
    """Check that every route says who may call it (K106)."""
    for feature in features:
        for blueprint in feature.manifest.blueprints:
            for route in blueprint.routes:
                if route.allow is None:
                    what = f"the route {address_of(feature, route)} states no policy: {route.where}"
                    fix = "say who may call it: allow=anyone, signed_in or permission('…')"
                    yield feature.fault("K106", what, fix)


def one_owner_each(features: Sequence[Composed], _deployment: Deployment) -> Iterator[Fault]:
    """Check that no two routes have one method and URL (K401)."""
    owners: dict[tuple[str, str], Owner] = {
        (method, _pattern(rule)): (None, "the host itself")
        for rule in HOST_RULES
        for method in ("GET", "HEAD")
    }
    for feature in features:
        for prefix, route in _routes_of(feature):
            for method in route.methods:
                key = (method, _pattern(prefix + route.rule))
                if key in owners:
                    yield _clash(method, prefix + route.rule, owners[key], feature, route)
                else:
                    owners[key] = (feature, route.where)


def address_of(feature: Composed, route: Route) -> str:
    """Write a route's methods and URL."""
    prefix = next(prefix for prefix, one in _routes_of(feature) if one is route)
    return f"{', '.join(route.methods)} {prefix}{route.rule}"


def _routes_of(feature: Composed) -> Iterator[tuple[str, Route]]:
    for blueprint in feature.manifest.blueprints:
        for route in blueprint.routes:
            yield (blueprint.url_prefix or "").rstrip("/"), route


def _pattern(rule: str) -> str:
    """Forget the names of variables: they do not tell two rules apart."""
    return _VARIABLE.sub(lambda match: f"<{match[1] or 'string'}>", rule)


def _clash(method: str, rule: str, first: Owner, feature: Composed, route: Route) -> Fault:
    other, place = first
    winner = other.where if other else "the host"
    what = (
        f"{method} {rule} is already a route of {winner}:\n"
        f"{place}\n{route.where}\n"
        f"{other.name if other else 'the host'} would have answered, and nobody would have known"
    )
    fix = "leave one of them out, or ask its maintainers for another address"
    return feature.fault("K401", what, fix)
