"""K106, K402: every route has a policy, a rule that can be served, and an endpoint of its own."""

from collections.abc import Iterator
from functools import cache

from werkzeug.routing import Map, Rule

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_kit.http import Route


def policies(feature: Candidate) -> Iterator[Fault]:
    """Check that every route says who may call it (K106)."""
    for rule, _, route in feature.rules:
        if route.allow is None:
            address = f"{', '.join(route.methods)} {rule}"
            what = f"the route {address} has no policy: {route.where}"
            fix = "say who may call it: allow=anyone, signed_in or permission('…')"
            yield feature.fault("K106", what, Outside(fix))


def servable(feature: Candidate) -> Iterator[Fault]:
    """Check that every URL rule is one that Flask can serve (K106)."""
    for rule, _, route in feature.rules:
        if mistake := _mistake_in(rule):
            what = f"the route {rule} cannot be served: {mistake}.\n{route.where}"
            yield feature.fault("K106", what, Outside("correct it: /reviews/<uuid:review_id>"))


def endpoints(feature: Candidate) -> Iterator[Fault]:
    """Check that no two views of a blueprint have one name (K402)."""
    for blueprint in feature.manifest.blueprints:
        views: dict[str, Route] = {}
        for route in blueprint.routes:
            first = views.setdefault(route.endpoint, route)
            if first.view is not route.view:
                name = f"{blueprint.name}.{route.endpoint}"
                what = f"its endpoint {name!r} is the name of two views.\n"
                fix = "rename one of them, or give it an endpoint of its own: endpoint='…'"
                yield feature.fault("K402", f"{what}{first.where}\n{route.where}", Outside(fix))


# Werkzeug compiles a rule in 0.3 ms, and a process may make many apps of the same features.
@cache
def _mistake_in(rule: str) -> str | None:
    try:
        Map([Rule(rule)])
    except (LookupError, SyntaxError, ValueError) as error:
        return str(error)
    return None
