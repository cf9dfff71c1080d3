"""Step 5 of the boot: what a plan's features bring is put on a Flask app."""

import logging
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from typing import NoReturn

import svcs
from flask import Flask

from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_kit.composition import Composition
from mercato_kit.composition import compose
from mercato_runtime.api import Api
from mercato_runtime.policies import METHODS
from mercato_runtime.problems import FeatureAway

_log = logging.getLogger(__name__)


def register(app: Flask, plan: Plan) -> Api:
    """Register services and blueprints of every feature.

    Their commands are run by ``mercato`` alone, each in a unit of work.

    Returns:
        The API whose document describes them.

    Raises:
        DeploymentError: Something shows only now that does not fit.
    """
    manifests = tuple(feature.manifest for feature in plan.features)
    away = tuple(feature.manifest for feature in plan.absent)
    compose(app, Composition(manifests, plan.settings, away))
    for offer in plan.providers:
        svcs.flask.register_factory(app, offer.contract, offer.factory)
    api = Api(app)
    faults = [fault for feature in plan.features for fault in _documented(api, feature)]
    if faults := [*faults, *api.names.faults]:
        raise DeploymentError(faults)
    for feature in plan.absent:
        _register_absent(app, feature)
    for rule, name in sorted(plan.closed.items()):
        _register_closed(app, rule, name)
    for name, reason in plan.left_out.items():
        _log.warning("K504: runs without %r, its addresses answer 503: %s", name, reason)
    return api


def _documented(api: Api, feature: Candidate) -> Iterator[Fault]:
    """Register the routes of a feature; what it brings is run for the first time here."""
    try:
        api.register_feature(feature)
    except Exception as error:  # noqa: BLE001 - a feature's views may be wrong in any way
        _log.debug("%s could not be registered", feature.where, exc_info=error)
        what = f"its routes cannot be registered: {type(error).__name__}: {error}"
        yield feature.fault("K106", what, "tell its maintainers")


def packages_of(plan: Plan) -> set[str]:
    """Return the import packages of the features' routes."""
    return {
        blueprint.import_name.partition(".")[0]
        for feature in plan.features
        for blueprint in feature.manifest.blueprints
    }


def _register_absent(app: Flask, feature: Candidate) -> None:
    """Answer 503 where a feature would answer that the deployment runs without."""
    taken = {rule.rule for rule in app.url_map.iter_rules()}
    for rule, blueprint, route in feature.rules:
        if rule not in taken:
            endpoint = f"away.{blueprint.name}.{route.endpoint}"
            app.add_url_rule(rule, endpoint, _away(feature.name), methods=list(route.methods))


def _register_closed(app: Flask, rule: str, name: str) -> None:
    """Answer 503 at an address that is known of a feature whose manifest is not."""
    taken = {one.rule for one in app.url_map.iter_rules()}
    if rule not in taken:
        app.add_url_rule(rule, f"away.{name}.{rule}", _away(name), methods=sorted(METHODS))


def _away(name: str) -> Callable[..., NoReturn]:
    def refuse(**_arguments: Any) -> NoReturn:
        raise FeatureAway(feature=name, state="disabled")

    return refuse
