"""Metrics that the database knows: what waits, jobs that failed, and gauges of features."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from flask import Flask
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mercato_kit import work
from mercato_kit.composition import current_composition, handlers_of
from mercato_kit.db import session, utc_now
from mercato_kit.feature import Gauge
from mercato_kit.models import InboxDelivery, JobHistory, OutboxEvent, PrivacyRequest
from mercato_runtime.worker.jobs import jobs_of

FRESH_SECONDS = 5.0
"""How long an answer of the database is used again."""

PATIENCE_SECONDS = 0.5
"""How long a scrape waits for the database."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What the database said.

    Args:
        age_seconds: Since the oldest event was published that a handler has not had; else 0.
        lag_seconds: Since the delivery became due that is due for longest; else 0.
        jobs: The history of each job.
        failing_requests: Open requests for the data of a person that a feature failed for.
        gauges: The gauges of features that could be read, by the name of the metric.
    """

    age_seconds: float
    lag_seconds: float
    jobs: Sequence[JobHistory]
    failing_requests: int
    gauges: Mapping[str, tuple[Gauge, int]]


class Backlog(Collector):
    """Asks the database in a thread, so that a scrape neither fails nor waits when it is away.

    Args:
        app: The app.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._asking = threading.Thread()
        self._asked_at = -FRESH_SECONDS
        self._found: Found | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield whether the database answers, and what it says."""
        found = self._current()
        answers = found is not None
        yield GaugeMetricFamily("mercato_database_up", "1 if the database answers", value=answers)
        if found is None:
            return
        yield GaugeMetricFamily(
            "mercato_outbox_oldest_age_seconds",
            "Age of the oldest event that a handler has not had",
            value=found.age_seconds,
        )
        yield GaugeMetricFamily(
            "mercato_delivery_lag_seconds",
            "Time since the delivery became due that is due for longest",
            value=found.lag_seconds,
        )
        yield GaugeMetricFamily(
            "mercato_privacy_requests_failing",
            "Requests to export or erase the data of a person that a feature failed for",
            value=found.failing_requests,
        )
        yield from _of_jobs(found.jobs)
        for name, (gauge, value) in found.gauges.items():
            yield GaugeMetricFamily(name, gauge.summary, value=value)

    def _current(self) -> Found | None:
        with self._lock:
            is_old = time.monotonic() - self._asked_at >= FRESH_SECONDS
            if is_old and not self._asking.is_alive():
                self._asked_at = time.monotonic()
                self._asking = threading.Thread(target=self._ask, name="backlog", daemon=True)
                self._asking.start()
            asking = self._asking
        if asking.ident is not None:
            asking.join(PATIENCE_SECONDS)
        return None if asking.is_alive() else self._found

    def _ask(self) -> None:
        try:
            with self._app.app_context():
                found = work.run(_read, read_only=True)
                self._found = replace(found, gauges=dict(_read_gauges()))
        except Exception as error:  # noqa: BLE001 - a scrape must not fail
            _log.warning("the database was not asked for metrics: %s", type(error).__name__)
            self._found = None


def oldest_waiting() -> sa.Select[datetime]:
    """Select when the oldest event was published that a handler has not had."""
    return (
        sa.select(OutboxEvent.created_at)
        .join(InboxDelivery, InboxDelivery.event_id == OutboxEvent.id)
        .where(InboxDelivery.processed_at.is_(None))
        # Ids are in the order of creation.
        .order_by(InboxDelivery.event_id)
        .limit(1)
    )


def longest_due(consumers: Iterable[str]) -> sa.Select[datetime]:
    """Select when the first delivery to one of *consumers* is or was due."""
    # As an expression: by the plain column SQLite would choose the primary key, and then read and
    # sort all deliveries of a consumer, old ones too.
    consumer = sa.func.coalesce(InboxDelivery.consumer, "")
    return (
        sa.select(InboxDelivery.next_attempt_at)
        .where(InboxDelivery.processed_at.is_(None), consumer.in_(list(consumers)))
        .order_by(InboxDelivery.next_attempt_at)
        .limit(1)
    )


_FAILING = sa.select(sa.func.count()).where(PrivacyRequest.status == "failed")


def _read() -> Found:
    composition = current_composition()
    jobs = sa.select(JobHistory).where(JobHistory.job.in_(list(jobs_of(composition))))
    return Found(
        age_seconds=_seconds_since(session.scalar(oldest_waiting())),
        lag_seconds=_seconds_since(session.scalar(longest_due(handlers_of(composition.features)))),
        jobs=session.scalars(jobs.order_by(JobHistory.job)).all(),
        failing_requests=session.scalar(_FAILING) or 0,
        gauges={},
    )


def _read_gauges() -> Iterator[tuple[str, tuple[Gauge, int]]]:
    """Read the gauges of features; one that fails is left out."""
    for feature in current_composition().features:
        for gauge in feature.gauges:
            name = f"mercato_{feature.name}_{gauge.name}"
            try:
                yield name, (gauge, work.run(gauge.function, read_only=True))
            except Exception as error:  # noqa: BLE001 - the code of a feature may fail in any way
                _log.warning("the metric %s was not read: %s", name, type(error).__name__)


def _seconds_since(moment: datetime | None) -> float:
    return max(0.0, (utc_now() - moment).total_seconds()) if moment else 0.0


def _of_jobs(jobs: Sequence[JobHistory]) -> Iterator[Metric]:
    runs = CounterMetricFamily(
        "mercato_job_runs", "Runs of a job by any worker", labels=["job", "outcome"]
    )
    success = GaugeMetricFamily(
        "mercato_job_last_success_timestamp_seconds", "When a job last succeeded", labels=["job"]
    )
    for job in jobs:
        runs.add_metric([job.job, "succeeded"], job.succeeded)
        runs.add_metric([job.job, "failed"], job.failed)
        if job.last_succeeded_at is not None:
            success.add_metric([job.job], job.last_succeeded_at.timestamp())
    yield runs
    yield success
