"""Liveness, readiness and metrics endpoints."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from flask import Blueprint, Response, current_app, jsonify
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import DBAPIError, TimeoutError as PoolTimeout
from werkzeug.datastructures import Headers

from mercato_composition.features.plan import Plan
from mercato_database.history import behind
from mercato_kit import work
from mercato_kit.composition import current_composition
from mercato_kit.contexts import get_app
from mercato_kit.db import session
from mercato_kit.errors import Unavailable
from mercato_kit.feature import Check
from mercato_kit.http.headers import append
from mercato_runtime import metrics
from mercato_runtime.app import App

blueprint = Blueprint("health", __name__)

_log = logging.getLogger(__name__)

_ALIVE = b'{"status":"alive"}\n'
_ALIVE_HEADERS = (
    ("Content-Type", "application/json"),
    ("Content-Length", str(len(_ALIVE))),
    ("Cache-Control", "no-store"),
)

_CHECK_FAILED = "the check itself failed"

Finding = tuple[str, str]
"""The name of a failed check, and one sentence that says what is wrong."""

DATABASE_AWAY: Finding = ("database", "it does not answer")


@dataclass(frozen=True)
class Readiness:
    """What the checks found.

    Args:
        wrong: What keeps the app from being ready.
        left_out: What it does without, by feature, with the reason.
    """

    wrong: tuple[Finding, ...]
    left_out: Mapping[str, str]

    @property
    def status(self) -> str:
        """``ready``, ``degraded`` or ``not ready``."""
        if self.wrong:
            return "not ready"
        return "degraded" if self.left_out else "ready"

    @property
    def is_reached(self) -> bool:
        """Whether the database answers."""
        return DATABASE_AWAY not in self.wrong


def init_app(app: App, plan: Plan) -> None:
    """Add the endpoints to *app*, and count its requests."""
    app.extensions["mercato_plan"] = plan
    metrics.init_app(app, plan)
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
def alive() -> Response:
    """Return 200 if the process answers; it uses no database, so a failure means a restart."""
    headers = Headers()
    append(headers, _ALIVE_HEADERS)
    return get_app().response_class([_ALIVE], headers=headers)


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Return 200 if database, migrations and the checks of all features are good, else 503.

    A failed check of a feature that is not required makes the status ``degraded``, with 200.
    """
    found = examine()
    answer = jsonify(
        status=found.status,
        wrong=[{"check": check, "detail": detail} for check, detail in found.wrong],
        left_out=[
            {"feature": name, "detail": reason} for name, reason in sorted(found.left_out.items())
        ],
    )
    if found.wrong:
        answer.headers["Retry-After"] = "1"
    return _uncached(answer), 503 if found.wrong else 200


@blueprint.get("/metrics")
def show_metrics() -> Response:
    """Return the metrics in the text format of Prometheus."""
    body = metrics.render()
    return _uncached(current_app.response_class(body, content_type=CONTENT_TYPE_PLAIN_0_0_4))


def current_plan() -> Plan:
    """Return the plan of the current app."""
    return cast("Plan", current_app.extensions["mercato_plan"])


def examine() -> Readiness:
    """Ask the database, and run the checks of all features."""
    plan = current_plan()
    left_out = dict(plan.left_out)
    wrong = tuple(_findings(plan, left_out))
    return Readiness(wrong, left_out)


def _findings(plan: Plan, left_out: dict[str, str]) -> Iterator[Finding]:
    """Run all checks; the findings that are not required go into *left_out*."""
    if findings := _table_findings():
        # The checks of features read their tables, so they would fail as well.
        yield from findings
        return
    for composed in plan.features:
        for check in composed.manifest.health:
            finding = run_check(check)
            if finding is not None and composed.required and check.required:
                yield f"{composed.name}: {check.name}", finding
            elif finding is not None:
                left_out.setdefault(composed.name, f"{check.name}: {finding}")


def _table_findings() -> list[Finding]:
    try:
        names = work.run(_features_behind, read_only=True)
    except (DBAPIError, PoolTimeout, Unavailable) as error:
        _log.warning("not ready: the database does not answer: %s", type(error).__name__)
        return [DATABASE_AWAY]
    except Exception:  # noqa: BLE001 - a wheel on disk may be broken in any way
        _log.exception("not ready: the migrations could not be compared")
        return [("migrations", _CHECK_FAILED)]
    detail = "this version needs other tables"
    return [(f"migrations of {name}", detail) for name in names]


def _features_behind() -> list[str]:
    found = behind(session.connection(), current_composition().features)
    return [item.feature for item in found]


def run_check(check: Check) -> str | None:
    """Run a health check in a transaction of its own; one that raises counts as failed."""
    try:
        return work.run(check.function, read_only=True)
    except Exception:  # noqa: BLE001 - a feature's check may fail in any way
        _log.exception("the health check %s failed", check.name)
        return _CHECK_FAILED


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
