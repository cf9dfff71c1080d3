"""Find problems that the API document does not name."""

from collections.abc import Iterator
from typing import cast

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from mercato_kit.composition import current_composition
from mercato_kit.http import Route
from mercato_runtime.api.refusals import EVERYWHERE, refusals_of
from mercato_runtime.problems import MEDIA_TYPE


class UndeclaredProblem(AssertionError):
    """A route answered a problem that the API document does not name."""


def require_declared(app: Flask, response: TestResponse) -> None:
    """Check that the route of a response declares its problem.

    Raises:
        UndeclaredProblem: It does not.
    """
    if response.mimetype != MEDIA_TYPE:
        return
    route = _route_of(app, response)
    code = (response.get_json(silent=True) or {}).get("code")
    if route is not None and code not in _declared(route):
        raise UndeclaredProblem(
            f"{response.request.method} {response.request.path} answers {response.status_code} "
            f"{code}: add its Problem to refuses=[…] of {route.endpoint} ({route.where})"
        )


def _declared(route: Route) -> set[str]:
    return {kind.code for kind in (*refusals_of(route), *EVERYWHERE)}


def _route_of(app: Flask, response: TestResponse) -> Route | None:
    try:
        endpoint, _ = app.url_map.bind_to_environ(response.request.environ).match()
    except HTTPException:
        return None
    return dict(_routes(app)).get(cast("str", endpoint))


def _routes(app: Flask) -> Iterator[tuple[str, Route]]:
    with app.app_context():
        features = current_composition().features
    for feature in features:
        for blueprint in feature.blueprints:
            for route in blueprint.routes:
                yield f"{blueprint.name}.{route.endpoint}", route
