"""Deny by default: every address is a feature's, with a policy, or one of the host's own."""

from collections.abc import Iterable

from flask import Flask

from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan

HOST_RULES = frozenset(
    {
        "/docs",
        "/docs/<name>",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/problems/<code>",
        "/readyz",
    }
)
"""What the host itself answers, to anyone."""


METHODS = frozenset("DELETE GET PATCH POST PUT".split())
"""What a rule of unknown methods may be asked with."""

# Flask adds these by itself; they say nothing that the route does not.
_AUTOMATIC = {"HEAD", "OPTIONS"}


def check_policies(app: Flask, plan: Plan) -> None:
    """Refuse an app with an address that nobody answers for.

    Raises:
        DeploymentError: Something registered a route past the features' manifests.
    """
    declared = _declared([*plan.features, *plan.absent])
    declared |= {rule: {*METHODS, *declared.get(rule, ())} for rule in plan.closed}
    strays = [
        rule
        for rule in app.url_map.iter_rules()
        if not (set(rule.methods or ()) - _AUTOMATIC) <= declared.get(rule.rule, set())
    ]
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


def _declared(features: Iterable[Candidate]) -> dict[str, set[str]]:
    """Return the methods of each URL rule that somebody answers for."""
    declared: dict[str, set[str]] = {rule: {"GET"} for rule in HOST_RULES}
    for feature in features:
        for rule, _, route in feature.rules:
            if route.allow is not None:
                declared.setdefault(rule, set()).update(route.methods)
    return declared
