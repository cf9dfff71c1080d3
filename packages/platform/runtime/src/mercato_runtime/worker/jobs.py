"""Run the jobs of the composed features and of the kit at their intervals."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from mercato_kit import work
from mercato_kit.composition import Composition
from mercato_kit.db import insert, locked, session, utc_now
from mercato_kit.jobs import Job
from mercato_kit.models import IdempotencyKey, InboxDelivery, JobHistory, OutboxEvent

EVENTS_KEPT = timedelta(days=30)
"""How long a delivered event is kept, for investigations."""

_BATCH = 500

_log = logging.getLogger(__name__)


def purge_idempotency_keys() -> int:
    """Delete a batch of expired idempotency keys with their stored responses."""
    expired = (
        sa.select(IdempotencyKey.scope, IdempotencyKey.key)
        .where(IdempotencyKey.expires_at < utc_now())
        .order_by(IdempotencyKey.expires_at)
        .limit(_BATCH)
    )
    keys = session.execute(expired).all()
    if keys:
        session.execute(
            sa.delete(IdempotencyKey)
            .where(
                sa.tuple_(IdempotencyKey.scope, IdempotencyKey.key).in_(
                    [tuple(key) for key in keys]
                ),
                # Check again: a client may have used the key again in the meantime.
                IdempotencyKey.expires_at < utc_now(),
            )
            .execution_options(synchronize_session=False)
        )
    return len(keys)


def purge_events() -> int:
    """Delete a batch of old events that were delivered to every handler, and their deliveries.

    An event that waits for a handler is kept without a time limit, with all its deliveries, so
    that it is not delivered twice to the others.
    """
    is_waiting = sa.exists().where(
        InboxDelivery.event_id == OutboxEvent.id, InboxDelivery.processed_at.is_(None)
    )
    old = (
        sa.select(OutboxEvent.id)
        .where(OutboxEvent.created_at < utc_now() - EVENTS_KEPT, ~is_waiting)
        .order_by(OutboxEvent.id)
        .limit(_BATCH)
    )
    event_ids = session.scalars(locked(old, skip_locked=True)).all()
    if event_ids:
        for column in (InboxDelivery.event_id, OutboxEvent.id):
            session.execute(
                sa.delete(column.class_)
                .where(column.in_(event_ids))
                .execution_options(synchronize_session=False)
            )
    return len(event_ids)


KIT_JOBS = (
    Job("purge_idempotency_keys", purge_idempotency_keys, every_seconds=3600),
    Job("purge_events", purge_events, every_seconds=3600),
)


def jobs_of(composition: Composition) -> dict[str, Job]:
    """Return the jobs of the kit and of the composed features, by name: ``<feature>.<job>``."""
    own = {f"kit.{job.name}": job for job in KIT_JOBS}
    features = composition.features
    return own | {f"{one.name}.{job.name}": job for one in features for job in one.jobs}


class Jobs:
    """The jobs of a composition and of the kit, and when each is due in this process.

    Args:
        composition: The composed features.
    """

    def __init__(self, composition: Composition) -> None:
        self.by_name = jobs_of(composition)
        self._due_at = dict.fromkeys(self.by_name, time.monotonic())

    def due(self) -> list[str]:
        """Return the names of the jobs that are due."""
        return [name for name, due_at in self._due_at.items() if due_at <= time.monotonic()]

    def run(self, app: Flask, name: str, *, go_on: Callable[[], bool]) -> bool:
        """Run a job batch by batch until it finds nothing to do.

        Args:
            app: The app.
            name: The name of the job, from :meth:`due`.
            go_on: Called before each batch; False ends the run.

        Returns:
            Whether it succeeded; a failure is logged, and the job runs again at its next interval.
        """
        job = self.by_name[name]
        self._due_at[name] = time.monotonic() + job.every_seconds
        try:
            while go_on() and _run_batch(app, job):
                pass
        except Exception:  # noqa: BLE001 - a job may fail in any way
            _log.exception("job %s failed", name)
            succeeded = False
        else:
            succeeded = True
        _try_to_record(app, name, succeeded=succeeded)
        return succeeded


def _try_to_record(app: Flask, name: str, *, succeeded: bool) -> None:
    try:
        with app.app_context():
            work.run(lambda: _record(name, succeeded=succeeded))
    except Exception as error:  # noqa: BLE001 - the job has run; its history may be incomplete
        _log.warning("the run of job %s was not recorded: %s", name, type(error).__name__)


def _record(name: str, *, succeeded: bool) -> None:
    """Add a run to the history of a job, which the metrics show."""
    now = utc_now()
    counted, at = ("succeeded", "last_succeeded_at") if succeeded else ("failed", "last_failed_at")
    first = {"job": name, "succeeded": 0, "failed": 0, counted: 1, at: now}
    session.execute(
        insert(JobHistory)
        .values(first)
        .on_conflict_do_update(
            index_elements=["job"],
            set_={counted: getattr(JobHistory, counted) + 1, at: now},
        )
    )


def _run_batch(app: Flask, job: Job) -> int:
    with app.app_context():
        return job.function() if job.remote else work.run(job.function)
