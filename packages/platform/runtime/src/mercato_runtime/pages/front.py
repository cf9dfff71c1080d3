"""``/``: what this deployment is; and the style sheet and icon of all pages."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from threading import Lock
from typing import Any, cast

from flask import Blueprint, Response, current_app, url_for

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_kit.policies import anyone
from mercato_runtime import health, pages
from mercato_runtime.app import App
from mercato_runtime.health import Readiness
from mercato_runtime.pages.assets import asset

FRESH_SECONDS = 2.0
"""How long an answer about readiness is used again."""

blueprint = Blueprint("front", __name__, template_folder="templates")

_LINKS = {
    "docs": "docs.page",
    "openapi": "docs.openapi",
    "problems": "problems.list_problems",
    "readiness": "health.ready",
}


class Recent:
    """Asks at most every :data:`FRESH_SECONDS`; meanwhile, requests get the last answer.

    Args:
        ask: Returns the readiness of the current app.
    """

    def __init__(self, ask: Callable[[], Readiness]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._found: Readiness | None = None
        self._until = 0.0

    def read(self) -> Readiness:
        """Return the readiness. While one request asks, others do not wait for it."""
        found = self._found
        if found is not None and (time.monotonic() < self._until or self._lock.locked()):
            return found
        with self._lock:
            if self._found is None or time.monotonic() >= self._until:
                self._found = self._ask()
                self._until = time.monotonic() + FRESH_SECONDS
            return self._found


def init_app(app: App) -> None:
    """Add the pages to *app*."""
    app.extensions["mercato_recent"] = Recent(health.examine)
    app.register_blueprint(blueprint)


@blueprint.get("/")
def front() -> Response:
    """Return what this deployment is: its condition, its features, and where to go on."""
    return pages.answer("front.html", _document(), cache="no-store")


@blueprint.get("/page.css")
def style() -> Response:
    """Return the style sheet of all pages."""
    return asset("mercato_runtime.pages", "page.css", "text/css")


@blueprint.get("/favicon.svg")
def icon() -> Response:
    """Return the icon of all pages."""
    return asset("mercato_runtime.pages", "favicon.svg", "image/svg+xml")


@blueprint.get("/favicon.ico")
def old_icon() -> Response:
    """Return the icon for browsers that ask for this name."""
    return asset("mercato_runtime.pages", "favicon.ico", "image/x-icon")


def _document() -> dict[str, Any]:
    plan = health.current_plan()
    recent = cast("Recent", current_app.extensions["mercato_recent"]).read()
    known = [*plan.features, *plan.absent]
    features = [_feature(one, plan.deployment.server.show_versions) for one in known]
    names = {feature.name for feature in known}
    features += [{"name": name, "summary": ""} for name in plan.left_out if name not in names]
    for feature in features:
        feature["state"] = _state(feature["name"], plan, recent)
    return {
        "title": current_app.config["API_TITLE"],
        "status": recent.status,
        "features": features,
        "links": {name: url_for(endpoint) for name, endpoint in _LINKS.items()},
    }


def _state(name: str, plan: Plan, found: Readiness) -> str:
    if name in plan.left_out:
        return "left out"
    return "degraded" if name in found.left_out else "on"


def _feature(feature: Candidate, with_version: bool) -> dict[str, Any]:  # noqa: FBT001
    document: dict[str, Any] = {"name": feature.name, "summary": feature.manifest.summary}
    if with_version and feature.version:
        document["version"] = feature.version
    lists = [url_for(endpoint) for endpoint in _public_lists(feature)]
    return document | {"lists": lists} | links_of(feature.distribution)


def _public_lists(feature: Candidate) -> Iterator[str]:
    """Give the endpoints that show everyone the same, each at one address: a catalogue."""
    for rule, blueprint, route in feature.rules:
        is_open = route.allow is not None and route.allow.name == anyone.name
        endpoint = f"{blueprint.name}.{route.endpoint}"
        is_list = route.public_cache and "<" not in rule and "/." not in rule
        if is_open and is_list and endpoint in current_app.view_functions:
            yield endpoint


@cache
def links_of(distribution: str | None) -> dict[str, str]:
    """Return the addresses of the sources and the changelog in a wheel's metadata; only https."""
    if distribution is None:
        return {}
    try:
        urls = metadata(distribution).get_all("Project-URL") or []
    except PackageNotFoundError:
        return {}
    pairs = (url.split(",", 1) for url in urls if "," in url)
    links = {label.strip().lower(): address.strip() for label, address in pairs}
    return {
        name: links[name]
        for name in ("source", "changelog")
        if links.get(name, "").startswith("https://")
    }
