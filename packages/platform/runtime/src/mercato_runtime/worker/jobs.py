"""Run the jobs of the composed features and of the kit at their intervals."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from mercato_kit import leases, limits, sealed, work
from mercato_kit.composition import Composition, current_composition
from mercato_kit.db import insert, locked, session, utc_now
from mercato_kit.jobs import Job
from mercato_kit.leases import Lease
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


def forget_full_buckets() -> int:
    """Delete a batch of full buckets of rate limits."""
    return limits.forget_full(limit=_BATCH)


def seal_anew() -> int:
    """Seal a batch of what the previous secret key sealed by the current one."""
    columns = sealed.columns_of(current_composition().features)
    return sum(sealed.seal_anew(column, limit=_BATCH) for column in columns)


def purge_exports() -> int:
    """Delete a batch of old exports."""
    # Processes that serve do not need it.
    from mercato_database import privacy  # noqa: PLC0415

    return privacy.purge_exports()


def run_privacy_requests() -> int:
    """Run one request about a person's data that is due."""
    from mercato_database import privacy  # noqa: PLC0415

    return privacy.run_due()


KIT_JOBS = (
    Job("forget_full_buckets", forget_full_buckets, every_seconds=3600),
    Job("purge_idempotency_keys", purge_idempotency_keys, every_seconds=3600),
    Job("purge_events", purge_events, every_seconds=3600),
    Job("purge_exports", purge_exports, every_seconds=3600),
    Job("run_privacy_requests", run_privacy_requests, every_seconds=5, remote=True),
    Job("seal_anew", seal_anew, every_seconds=3600),
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
        """Run a job batch by batch until it finds nothing to do, unless another worker runs it.

        Args:
            app: The app.
            name: The name of the job, from :meth:`due`.
            go_on: Called before each batch; False ends the run.

        Returns:
            Whether it succeeded; a failure is logged, and the job runs again at its next interval.
        """
        job = self.by_name[name]
        with app.app_context():
            lease = work.run(lambda: _lease(name))
            if lease is None:
                # The other one may be killed before it has finished.
                pause = min(job.every_seconds, leases.LEASE_SECONDS)
                self._due_at[name] = time.monotonic() + pause
                return True
            self._due_at[name] = time.monotonic() + job.every_seconds
            with leases.renewed(lease):
                succeeded = _run(app, name, job, go_on)
            _try_to_record(lease, name, succeeded=succeeded)
        return succeeded


def _lease(name: str) -> Lease | None:
    """Lease a job, whose row is made by its first run; None if another worker has the lease."""
    lease = Lease(JobHistory, (name,))
    leased = {"leased_until": leases.now(leases.LEASE_SECONDS), "lease_id": lease.id}
    taken = session.execute(
        insert(JobHistory)
        .values(job=name, succeeded=0, failed=0, **leased)
        .on_conflict_do_update(index_elements=["job"], set_=leased, where=leases.free(JobHistory))
        .returning(JobHistory.job)
    ).all()
    return lease if taken else None


def _run(app: Flask, name: str, job: Job, go_on: Callable[[], bool]) -> bool:
    try:
        while go_on() and _run_batch(app, job):
            pass
    except Exception:  # noqa: BLE001 - a job may fail in any way
        _log.exception("job %s failed", name)
        return False
    return True


def _try_to_record(lease: Lease, name: str, *, succeeded: bool) -> None:
    try:
        work.run(lambda: _record(lease, name, succeeded=succeeded))
    except Exception as error:  # noqa: BLE001 - the job has run; its history may be incomplete
        _log.warning("the run of job %s was not recorded: %s", name, type(error).__name__)


def _record(lease: Lease, name: str, *, succeeded: bool) -> None:
    """Add a run to the history of a job, which the metrics show, and give the lease back."""
    counted, at = ("succeeded", "last_succeeded_at") if succeeded else ("failed", "last_failed_at")
    session.execute(
        sa.update(JobHistory)
        .where(JobHistory.job == name)
        .values({counted: getattr(JobHistory, counted) + 1, at: utc_now()})
        .execution_options(synchronize_session=False)
    )
    leases.end(lease)


def _run_batch(app: Flask, job: Job) -> int:
    with app.app_context():
        return job.function() if job.remote else work.run(job.function)
