"""K106 and K401: every route has a policy, and an address of its own that can be served."""

import re
from collections.abc import Iterator
from collections.abc import Sequence

from werkzeug.routing import Map
from werkzeug.routing import Rule

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_kit.http import Route
from mercato_runtime.policies import HOST_RULES

_VARIABLE = re.compile(r"<(?:([^:<>]+):)?[^<>]+>")

Owner = tuple[Candidate | None, str]
"""A feature (None is the host), and file and line."""


def policies(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that every route says who may call it (K106)."""
    for feature in features:
        for rule, _, route in feature.rules:
            if route.allow is None:
                address = f"{', '.join(route.methods)} {rule}"
                what = f"the route {address} states no policy: {route.where}"
                fix = "say who may call it: allow=anyone, signed_in or permission('…')"
                yield feature.fault("K106", what, fix)


def servable(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that every URL rule is one that Flask can serve (K106)."""
    for feature in features:
        for rule, _, route in feature.rules:
            try:
                Map([Rule(rule)])
            except (LookupError, SyntaxError, ValueError) as error:
                what = f"the route {rule} cannot be served: {error}.\n{route.where}"
                yield feature.fault("K106", what, "correct it: /reviews/<uuid:review_id>")


def one_owner_each(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Fault]:
    """Check that no two routes have one method and URL (K401)."""
    owners: dict[tuple[str, str], Owner] = {
        (method, _pattern(rule)): (None, "the host itself")
        for rule in HOST_RULES
        for method in ("GET", "HEAD")
    }
    for feature in features:
        for rule, _, route in feature.rules:
            for method in route.methods:
                key = (method, _pattern(rule))
                if key in owners:
                    what = _clash(method, rule, owners[key], route)
                    yield feature.fault("K401", what, _another_prefix(feature, deployment))
                else:
                    owners[key] = (feature, route.where)


def _pattern(rule: str) -> str:
    """Forget the names of variables: they do not tell two rules apart."""
    return _VARIABLE.sub(lambda match: f"<{match[1] or 'string'}>", rule)


def _clash(method: str, rule: str, first: Owner, route: Route) -> str:
    other, place = first
    winner = other.where if other else "the host"
    return (
        f"{method} {rule} is already a route of {winner}:\n"
        f"{place}\n{route.where}\n"
        f"{other.name if other else 'the host'} would have answered, and nobody would have known"
    )


def _another_prefix(feature: Candidate, deployment: Deployment) -> str:
    line = f'[features.{feature.name}] mount = "{feature.mount}/{feature.name}"'
    return f"leave one of them out, or serve it elsewhere; in {deployment.source.name}: {line}"
