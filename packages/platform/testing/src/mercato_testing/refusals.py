"""Find problems that the API document does not name."""

from collections.abc import Iterator
from typing import cast

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from mercato_kit.composition import current_composition
from mercato_kit.errors import Problem
from mercato_kit.http import Route
from mercato_kit.schemas import ProblemSchema
from mercato_runtime.api.refusals import EVERYWHERE, refusals_of
from mercato_runtime.problems import MEDIA_TYPE

_MEMBERS = frozenset(ProblemSchema().fields)


class UndeclaredProblem(AssertionError):
    """A route answered a problem, or a member of it, that the API document does not name."""


def require_declared(app: Flask, response: TestResponse) -> None:
    """Check that the route of a response declares its problem.

    Raises:
        UndeclaredProblem: It does not.
    """
    if response.mimetype != MEDIA_TYPE:
        return
    route = _route_of(app, response)
    if route is None:
        return
    problem = response.get_json(silent=True) or {}
    code = str(problem.get("code"))
    what = (
        f"{response.request.method} {response.request.path} answers {response.status_code} {code}"
    )
    kind = _declared(route).get(code)
    if kind is None:
        fix = f"add its Problem to refuses=[…] of {route.endpoint} ({route.where})"
        raise UndeclaredProblem(f"{what}: {fix}")
    if more := problem.keys() - _MEMBERS - kind.member_schemas.keys():
        names = ", ".join(sorted(more))
        raise UndeclaredProblem(f"{what} with {names}: add it to {kind.__name__}.member_schemas")


def _declared(route: Route) -> dict[str, type[Problem]]:
    return {kind.code: kind for kind in (*EVERYWHERE, *refusals_of(route))}


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
