"""Register a plan's features on a Flask app."""

import logging
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from flask import Flask

from mercato_composition.faults import DeploymentError, Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_composition.features.reserved import HOST_PERMISSIONS
from mercato_kit.composition import Composition, Serving, compose
from mercato_kit.errors import FeatureDisabled
from mercato_runtime import (
    answers,
    cors,
    explanations,
    guard,
    health,
    logs,
    measures,
    problems,
    proxies,
    requests,
)
from mercato_runtime.api import Api, pages as docs
from mercato_runtime.app import App
from mercato_runtime.composition import views
from mercato_runtime.pages import front
from mercato_runtime.policies import AWAY, check_policies

_log = logging.getLogger(__name__)

_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


def register(app: App, plan: Plan) -> None:
    """Register the features of *plan*, problem documents, health endpoints and API document.

    Initialize the app's extensions before. Commands of features are not registered on the app:
    ``mercato`` runs each in a unit of work.

    Raises:
        DeploymentError: A route has no policy (K106), cannot be registered (K106), or its schemas
            have the same name (K407); or settings do not fit what is composed (K202).
        TypeError: *app* is a plain Flask app.
    """
    if not isinstance(app, App):
        raise TypeError("register() needs an App: make it with mercato_runtime.app.App(__name__)")
    proxies.init_app(app, plan.deployment.server)
    measures.init_app(app)
    requests.init_app(app, plan.deployment.server)
    cors.init_app(app, plan.deployment.server.origins)
    if plan.deployment.sql_guard:
        guard.init_app(app, plan)
    problems.init_app(app, {app.import_name.partition(".")[0], *_packages_of(plan)})
    health.init_app(app, plan)
    logs.init_app(app, plan.deployment)
    requests.body_limits_of(app).update(_body_limits(plan))
    api = _register_features(app, plan)
    docs.init_app(app, api, plan)
    explanations.init_app(app)
    front.init_app(app)
    views.init_app(app)
    answers.init_app(app, plan)
    check_policies(app, plan)
    _check_startup(app, plan)


def _check_startup(app: Flask, plan: Plan) -> None:
    """Run the checks that features have of their settings and the composition.

    Raises:
        DeploymentError: One of them found something (K202).
    """
    with app.app_context():
        faults = [
            feature.fault(
                "K202",
                f"{check.name}: {finding}",
                Outside(f"correct [features.{feature.name}.settings], or what is enabled"),
            )
            for feature in plan.features
            for check in feature.manifest.startup
            if (finding := check.function()) is not None
        ]
    if faults:
        raise DeploymentError(faults)


def try_alone(feature: Candidate) -> list[Fault]:
    """Register one feature on an app of its own, which is thrown away; return its faults."""
    app = Flask(__name__, static_folder=None)
    app.config.update(API_TITLE=feature.name, API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api = Api(app)
    return [*_documented(api, feature), *api.names.faults]


def _register_features(app: Flask, plan: Plan) -> Api:
    manifests = tuple(feature.manifest for feature in plan.features)
    away = tuple(feature.manifest for feature in plan.absent)
    composed = Composition(
        manifests,
        plan.settings,
        away,
        HOST_PERMISSIONS,
        plan.resolved,
        plan.deployment.environment,
        _serving(plan),
    )
    compose(app, composed)
    api = Api(app)
    faults = [fault for feature in plan.features for fault in _documented(api, feature)]
    if faults := [*faults, *api.names.faults]:
        raise DeploymentError(faults)
    for feature in plan.absent:
        _register_absent(app, feature)
    for name in sorted(plan.left_out.keys() - {feature.name for feature in plan.absent}):
        _register_unknown(app, plan, name)
    for name, reason in plan.left_out.items():
        _log.warning("K504: running without %r, its URLs answer 503: %s", name, reason)
    for fault in plan.accepted:
        _log.warning("%s %s: %s", fault.code, fault.accepted, fault.what.replace("\n", " "))
    return api


def _serving(plan: Plan) -> Serving:
    server, redis = plan.deployment.server, plan.deployment.redis_url
    url = None if redis is None else redis.reveal()
    return Serving(server.workers, frozenset(server.origins), url)


def _documented(api: Api, feature: Candidate) -> Iterator[Fault]:
    """Register the routes of a feature; return a fault if its code raises an error."""
    try:
        api.register_feature(feature)
    except Exception as error:  # noqa: BLE001 - the feature's code may raise anything
        _log.debug("%s could not be registered", feature.where, exc_info=error)
        what = f"its routes cannot be registered: {type(error).__name__}: {error}"
        yield feature.fault("K106", what, Outside("report it to its maintainers"))


def _body_limits(plan: Plan) -> Iterator[tuple[str, int]]:
    for feature in plan.features:
        for _, blueprint, route in feature.rules:
            if route.body_bytes is not None:
                yield f"{blueprint.name}.{route.endpoint}", route.body_bytes


def _packages_of(plan: Plan) -> set[str]:
    """Return the import packages of the features' routes, and of what they offer to others."""
    manifests = [feature.manifest for feature in plan.features]
    modules = [blueprint.import_name for it in manifests for blueprint in it.blueprints]
    factories: list[object] = [offer.factory for it in manifests for offer in it.offers]
    factories += [one.factory for it in manifests for one in it.decorates]
    factories += [one.batch for it in manifests for one in it.expansions]
    modules += [getattr(factory, "__module__", "") for factory in factories]
    return {module.partition(".")[0] for module in modules}


def _register_absent(app: Flask, feature: Candidate) -> None:
    """Answer 503 at the URLs of a feature that the deployment runs without."""
    taken = {rule.rule for rule in app.url_map.iter_rules()}
    for rule, blueprint, route in feature.rules:
        if rule not in taken:
            endpoint = f"{AWAY}{blueprint.name}.{route.endpoint}"
            app.add_url_rule(rule, endpoint, _away(feature.name), methods=list(route.methods))


def _register_unknown(app: Flask, plan: Plan, name: str) -> None:
    """Answer 503 below the mount of a feature whose manifest could not be loaded.

    Without a mount its URLs are unknown, so they answer 404.
    """
    mount = plan.deployment.features[name].mount
    taken = {rule.rule for rule in app.url_map.iter_rules()}
    for rule in (mount, f"{mount}/<path:rest>") if mount else ():
        if rule not in taken:
            app.add_url_rule(rule, f"{AWAY}{name}.{rule}", _away(name), methods=_METHODS)


def _away(name: str) -> Callable[..., NoReturn]:
    def refuse(**_arguments: Any) -> NoReturn:
        raise FeatureDisabled(feature=name, state="disabled")

    return refuse
