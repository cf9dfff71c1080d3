"""Metrics for Prometheus: of all processes of a server, of the worker's jobs, and of the outbox."""

import os
from typing import cast

from flask import Request, Response, current_app
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from mercato_composition.features.plan import Plan
from mercato_kit.remote import watchers_of
from mercato_runtime import measures
from mercato_runtime.app import App
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

    def __init__(self, app: App, plan: Plan) -> None:
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
        self.late = Counter(
            "mercato_remote_late_total",
            "Remote providers that were late or failed",
            ("contract", "provider", "used"),
            registry=self.counted,
        )
        watchers_of(app).append(self.count_late)
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram, Histogram]] = {}
        self._failures = LoggedOnce()
        pool.watch(app, self.counted, self._failures)
        self.asked = CollectorRegistry()
        self.asked.register(Composition(plan))
        self.asked.register(Backlog(app))

    def count(self, request: Request, response: Response) -> None:
        """Count a request and its response."""
        measure = measures.current()
        # What the request did is committed, so its response must not become an error.
        with self._failures:
            requests, seconds, statements = self._children_of(request, response.status_code)
            requests.inc()
            seconds.observe(measure.seconds)
            statements.observe(measure.statements)

    def count_late(self, contract: str, provider: str, used: str) -> None:
        """Count that a remote provider was late, and what was used instead."""
        with self._failures:
            self.late.labels(contract, provider, used).inc()

    def _children_of(self, request: Request, status: int) -> tuple[Counter, Histogram, Histogram]:
        """Return the counters of a method, route and status. Finding labels costs more."""
        key = (measures.method(request), measures.route(request), status)
        children = self._children.get(key)
        if children is None:
            method, route, _ = key
            children = self._children[key] = (
                self.requests.labels(method, route, str(status)),
                self.seconds.labels(method, route),
                self.statements.labels(method, route),
            )
        return children

    def render(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        counted = self.counted
        if folder := os.environ.get(FOLDER):
            forget_dead(folder)
            counted = CollectorRegistry()
            MultiProcessCollector(counted, folder)  # type: ignore[no-untyped-call]
        return generate_latest(counted) + generate_latest(self.asked)


def init_app(app: App, plan: Plan) -> None:
    """Count the requests of *app*."""
    metrics = app.extensions["mercato_metrics"] = Metrics(app, plan)
    app.after_hooks.append(metrics.count)


def render() -> bytes:
    """Return the metrics of the current app."""
    return cast("Metrics", current_app.extensions["mercato_metrics"]).render()
