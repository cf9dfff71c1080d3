"""Metrics for Prometheus: of all processes of a server, of the worker's jobs, and of the outbox."""

import os
from typing import cast

from flask import Flask, Response, current_app
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from mercato_composition.features.plan import Plan
from mercato_runtime import measures
from mercato_runtime.metrics import pool
from mercato_runtime.metrics.backlog import Backlog
from mercato_runtime.metrics.composition import Composition
from mercato_runtime.metrics.failures import LoggedOnce
from mercato_runtime.metrics.processes import FOLDER, forget_dead

_STATEMENTS = (0, 1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The metrics of one app.

    Attributes:
        counted: What this process counts; a scrape sums it over all processes.
        asked: What a scrape asks for: the plan and the database, which all processes share.
    """

    def __init__(self, app: Flask, plan: Plan) -> None:
        self.counted = CollectorRegistry()
        self.requests = Counter(
            "mercato_requests_total",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.counted,
        )
        self.seconds = Histogram(
            "mercato_request_duration_seconds",
            "Time from the headers of a request to its response",
            ("method", "route"),
            registry=self.counted,
        )
        self.statements = Histogram(
            "mercato_request_statements",
            "SQL statements of a request",
            ("method", "route"),
            buckets=_STATEMENTS,
            registry=self.counted,
        )
        self._failures = LoggedOnce()
        pool.watch(app, self.counted, self._failures)
        self.asked = CollectorRegistry()
        self.asked.register(Composition(plan))
        self.asked.register(Backlog(app))

    def count(self, response: Response) -> Response:
        """Count a request and its response."""
        measure, method, route = measures.current(), measures.method(), measures.route()
        # What the request did is committed, so its response must not become an error.
        with self._failures:
            self.requests.labels(method, route, str(response.status_code)).inc()
            self.seconds.labels(method, route).observe(measure.seconds)
            self.statements.labels(method, route).observe(measure.statements)
        return response

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        counted = self.counted
        if folder := os.environ.get(FOLDER):
            forget_dead(folder)
            counted = CollectorRegistry()
            MultiProcessCollector(counted, folder)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(self.asked)


def init_app(app: Flask, plan: Plan) -> None:
    """Count the requests of *app*."""
    metrics = app.extensions["mercato_metrics"] = Metrics(app, plan)
    app.after_request(metrics.count)


def render() -> bytes:
    """Return the metrics of the current app."""
    return cast("Metrics", current_app.extensions["mercato_metrics"]).render()
