"""Run the jobs of the composed features and of the kit at their intervals."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from mercato_kit import work
from mercato_kit.composition import Composition
from mercato_kit.db import locked, session, utc_now
from mercato_kit.jobs import Job
from mercato_kit.models import IdempotencyKey, InboxDelivery, OutboxEvent

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


class Jobs:
    """The jobs of a composition and of the kit, and when each is due in this process.

    Args:
        composition: The composed features.
    """

    def __init__(self, composition: Composition) -> None:
        own = {f"kit.{job.name}": job for job in KIT_JOBS}
        of_features = {
            f"{feature.name}.{job.name}": job
            for feature in composition.features
            for job in feature.jobs
        }
        self.by_name = own | of_features
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
            return False
        return True


def _run_batch(app: Flask, job: Job) -> int:
    with app.app_context():
        return job.function() if job.remote else work.run(job.function)
