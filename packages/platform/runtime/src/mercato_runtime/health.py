"""Whether the app is alive, ready for requests, and how it fares."""

import logging
import time
from collections.abc import Iterable
from collections.abc import Iterator
from typing import cast

from flask import Blueprint
from flask import Flask
from flask import Response
from flask import current_app
from flask import g
from flask import jsonify
from flask import request
from prometheus_client import CollectorRegistry
from prometheus_client import Counter
from prometheus_client import Gauge
from prometheus_client import Histogram
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from mercato_composition.features.plan import Plan
from mercato_database.history import behind
from mercato_kit import work
from mercato_kit.composition import current_composition
from mercato_kit.db import session
from mercato_kit.errors import Unavailable
from mercato_kit.feature import Check

blueprint = Blueprint("health", __name__)

_log = logging.getLogger(__name__)

_METHODS = frozenset("DELETE GET HEAD OPTIONS PATCH POST PUT".split())

_CHECK_FAILED = "the check itself failed"

Wrong = tuple[str, str]
"""What is checked, and what is wrong with it, in one sentence."""


class Metrics:
    """The counters of one app.

    Args:
        left_out: Features that it runs without, although the deployment names them.
    """

    def __init__(self, left_out: Iterable[str]) -> None:
        self.registry = CollectorRegistry()
        labels = ("endpoint", "method", "status")
        self.requests = Counter(
            "mercato_requests_total", "Requests answered", labels, registry=self.registry
        )
        self.seconds = Histogram(
            "mercato_request_seconds", "Time to answer", ("endpoint",), registry=self.registry
        )
        away = list(left_out)
        degraded = Gauge(
            "mercato_degraded", "1 where a feature is left out", registry=self.registry
        )
        degraded.set(bool(away))
        features = Gauge(
            "mercato_left_out", "Features left out", ("feature",), registry=self.registry
        )
        for name in away:
            features.labels(name).set(1)


def init_app(app: Flask, plan: Plan) -> None:
    """Serve the state of *app*, and count its requests."""
    app.extensions["mercato_plan"] = plan
    app.extensions["mercato_metrics"] = Metrics(sorted(plan.left_out))
    app.before_request(_start)
    app.after_request(_count)
    app.register_blueprint(blueprint)


@blueprint.get("/healthz")
def alive() -> Response:
    """Say that the process answers. Asks nothing else, so a restart is worth trying if it fails."""
    return _uncached(jsonify(status="alive"))


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Say whether requests can be served: database, migrations, and every feature's own checks.

    A feature that the deployment can do without makes it ``degraded``, and no less ready.
    """
    plan = cast("Plan", current_app.extensions["mercato_plan"])
    left_out = dict(plan.left_out)
    wrong = list(_what_is_wrong(plan, left_out))
    healthy = "degraded" if left_out else "ready"
    answer = jsonify(
        status="not ready" if wrong else healthy,
        wrong=[{"check": check, "detail": detail} for check, detail in wrong],
        left_out=[{"feature": name, "detail": reason} for name, reason in sorted(left_out.items())],
    )
    if wrong:
        answer.headers["Retry-After"] = "1"
    return _uncached(answer), 503 if wrong else 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return counters and times by endpoint, for Prometheus."""
    counters = cast("Metrics", current_app.extensions["mercato_metrics"])
    body = generate_latest(counters.registry)
    return _uncached(current_app.response_class(body, content_type=CONTENT_TYPE_PLAIN_0_0_4))


def _what_is_wrong(plan: Plan, left_out: dict[str, str]) -> Iterator[Wrong]:
    """Give what stands in the way; what is not required, feature or check, joins *left_out*."""
    if wrong := _wrong_with_tables():
        # A feature's own checks read its tables.
        yield from wrong
        return
    for composed in plan.features:
        for check in composed.manifest.health:
            answer = ask(check)
            if answer is not None and composed.required and check.required:
                yield f"{composed.name}: {check.name}", answer
            elif answer is not None:
                left_out.setdefault(composed.name, f"{check.name}: {answer}")


def _wrong_with_tables() -> list[Wrong]:
    try:
        behind = work.run(_features_behind, read_only=True)
    except (DBAPIError, PoolTimeout, Unavailable) as error:
        _log.warning("not ready: the database does not answer: %s", type(error).__name__)
        return [("database", "it does not answer")]
    except Exception:  # noqa: BLE001 - a wheel on disk may be broken in any way
        _log.exception("not ready: the migrations could not be compared")
        return [("migrations", _CHECK_FAILED)]
    detail = "the tables are not those of this version"
    return [(f"migrations of {feature}", detail) for feature in behind]


def _features_behind() -> list[str]:
    found = behind(session.connection(), current_composition().features)
    return [item.feature for item in found]


def ask(check: Check) -> str | None:
    """Run a health check in a transaction of its own; one that raises counts as failed."""
    try:
        return work.run(check.function, read_only=True)
    except Exception:  # noqa: BLE001 - a feature's check may fail in any way
        _log.exception("the health check %s failed", check.name)
        return _CHECK_FAILED


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _start() -> None:
    g.mercato_started_at = time.perf_counter()


def _count(response: Response) -> Response:
    counters = cast("Metrics", current_app.extensions["mercato_metrics"])
    endpoint = request.endpoint or "none"
    # A client may invent methods; the counters must not grow with them.
    method = request.method if request.method in _METHODS else "other"
    counters.requests.labels(endpoint, method, str(response.status_code)).inc()
    if started_at := g.get("mercato_started_at"):
        counters.seconds.labels(endpoint).observe(time.perf_counter() - started_at)
    return response
