"""K106: every route has a policy, and a URL rule that can be served."""

from collections.abc import Iterator, Sequence
from functools import cache

from werkzeug.routing import Map, Rule

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate


def policies(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that every route says who may call it (K106)."""
    for feature in features:
        for rule, _, route in feature.rules:
            if route.allow is None:
                address = f"{', '.join(route.methods)} {rule}"
                what = f"the route {address} has no policy: {route.where}"
                fix = "say who may call it: allow=anyone, signed_in or permission('…')"
                yield feature.fault("K106", what, fix)


def servable(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that every URL rule is one that Flask can serve (K106)."""
    for feature in features:
        for rule, _, route in feature.rules:
            if mistake := _mistake_in(rule):
                what = f"the route {rule} cannot be served: {mistake}.\n{route.where}"
                yield feature.fault("K106", what, "correct it: /reviews/<uuid:review_id>")


# Werkzeug compiles a rule in 0.3 ms, and a process may make many apps of the same features.
@cache
def _mistake_in(rule: str) -> str | None:
    try:
        Map([Rule(rule)])
    except (LookupError, SyntaxError, ValueError) as error:
        return str(error)
    return None
