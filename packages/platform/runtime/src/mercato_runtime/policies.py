"""Deny by default: every address is a feature's, with a policy, or one of the host's own."""

from collections.abc import Iterable
from collections.abc import Mapping

from flask import Flask
from werkzeug.routing import Rule

from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_composition.features.reserved import PLATFORM_RULES

# Flask adds these by itself; they say nothing that the route does not.
_AUTOMATIC = {"HEAD", "OPTIONS"}

AWAY = "away."
"""What the endpoints of features begin with that the deployment runs without."""


def check_policies(app: Flask, plan: Plan) -> None:
    """Refuse an app with an address that nobody answers for.

    Raises:
        DeploymentError: Something registered a route past the features' manifests.
    """
    declared = _declared(plan.features)
    strays = [rule for rule in app.url_map.iter_rules() if not _is_answered_for(rule, declared)]
    if strays:
        raise DeploymentError(
            Fault(
                "K106",
                f"{', '.join(sorted(set(rule.methods or ()) - _AUTOMATIC))} {rule.rule}",
                f"the route {rule.endpoint} states no policy: no manifest declares it.",
                "declare it on a mercato_kit.http.Blueprint that the manifest lists",
            )
            for rule in strays
        )


def _is_answered_for(rule: Rule, declared: Mapping[str, set[str]]) -> bool:
    # The runtime's own answers for features that are away call no feature.
    if rule.endpoint.startswith(AWAY):
        return True
    return set(rule.methods or ()) - _AUTOMATIC <= declared.get(rule.rule, set())


def _declared(features: Iterable[Candidate]) -> dict[str, set[str]]:
    """Return the methods of each URL rule that somebody answers for."""
    declared: dict[str, set[str]] = {rule: {"GET"} for rule in PLATFORM_RULES}
    for feature in features:
        for rule, _, route in feature.rules:
            if route.allow is not None:
                declared.setdefault(rule, set()).update(route.methods)
    return declared
