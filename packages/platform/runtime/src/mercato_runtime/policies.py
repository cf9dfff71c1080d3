"""Deny by default: check that every route has a policy, or belongs to the platform."""

from collections.abc import Iterable, Mapping

from flask import Flask
from werkzeug.routing import Rule

from mercato_composition.faults import DeploymentError, Fault, Outside, Place
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_composition.features.reserved import PLATFORM_RULES

# Flask adds these methods to routes automatically.
_AUTOMATIC = {"HEAD", "OPTIONS"}

AWAY = "away."
"""The prefix of the endpoints of features that the deployment runs without."""


def check_policies(app: Flask, plan: Plan) -> None:
    """Check that every route of *app* is declared with a policy.

    Raises:
        DeploymentError: A route was registered that no manifest declares (K106).
    """
    declared = _declared(plan.features)
    undeclared = [rule for rule in app.url_map.iter_rules() if not _has_policy(rule, declared)]
    if undeclared:
        raise DeploymentError(
            Fault(
                "K106",
                Place(
                    name=f"{', '.join(sorted(set(rule.methods or ()) - _AUTOMATIC))} {rule.rule}"
                ),
                f"the route {rule.endpoint} has no policy: no manifest declares it.",
                (Outside("declare it on a mercato_kit.http.Blueprint that the manifest lists"),),
            )
            for rule in undeclared
        )


def _has_policy(rule: Rule, declared: Mapping[str, set[str]]) -> bool:
    # The 503 responses for features that are left out run no code of a feature.
    if rule.endpoint.startswith(AWAY):
        return True
    return set(rule.methods or ()) - _AUTOMATIC <= declared.get(rule.rule, set())


def _declared(features: Iterable[Candidate]) -> dict[str, set[str]]:
    """Return the methods with a policy, by URL rule."""
    declared: dict[str, set[str]] = {rule: {"GET"} for rule in PLATFORM_RULES}
    for feature in features:
        for rule, _, route in feature.rules:
            if route.allow is not None:
                declared.setdefault(rule, set()).update(route.methods)
    return declared
