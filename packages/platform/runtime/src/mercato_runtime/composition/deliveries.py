"""What the database says of events, their deliveries, and jobs. Payloads are not read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from mercato_kit.composition import current_composition, handlers_of
from mercato_kit.db import session, utc_now
from mercato_kit.events import Handler
from mercato_kit.models import InboxDelivery, JobHistory, OutboxEvent
from mercato_runtime.composition.masks import masked
from mercato_runtime.worker.jobs import jobs_of
from mercato_runtime.worker.stuck import OFTEN

LATE = timedelta(minutes=1)
"""An event that waits longer for a handler is late: its worker is away, or has too much to do."""


@dataclass
class Deliveries:
    """The deliveries of the events of one topic to one handler.

    Args:
        topic: The topic.
        handler: The handler, as ``<feature>.<handler>``.
        waiting: The number that a worker makes or tries again.
        parked: The number that no worker makes: the handler is not composed, or cannot read the
            version of the event.
        oldest: When the oldest of both was published.
        attempts: The most failed attempts at one of them.
        last_error: The last error of one of them.
    """

    topic: str
    handler: str
    waiting: int = 0
    parked: int = 0
    oldest: datetime | None = None
    attempts: int = 0
    last_error: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why they do not arrive: ``Parked``, ``Failing`` or ``Late``; None if they do."""
        if self.parked:
            return "Parked"
        if self.attempts >= OFTEN:
            return "Failing"
        return "Late" if self.oldest and utc_now() - self.oldest > LATE else None

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self) | {"oldest": moment(self.oldest)}


def read_waiting() -> list[Deliveries]:
    """Read the deliveries that were not made, and give those of each handler."""
    handlers = handlers_of(current_composition().features)
    found = {(it.topic, name): Deliveries(it.topic, name) for name, it in handlers.items()}
    for consumer, topic, version, count, oldest, attempts in session.execute(_waiting()):
        row = found.setdefault((topic, consumer), Deliveries(topic, consumer))
        if _is_parked(handlers.get(consumer), version):
            row.parked += count
        else:
            row.waiting += count
        row.oldest = min(filter(None, (row.oldest, oldest)))
        row.attempts = max(row.attempts, attempts)
    if any(row.attempts for row in found.values()):
        for topic, consumer, error in session.execute(_last_errors()):
            # An event may have been published since the first statement.
            if failed := found.get((topic, consumer)):
                failed.last_error = masked(error)
    return sorted(found.values(), key=lambda it: (it.topic, it.handler))


def read_delivered() -> Mapping[str, int]:
    """Count the deliveries that were made, by handler; events are kept for 30 days."""
    counted = (
        sa.select(InboxDelivery.consumer, sa.func.count())
        .where(InboxDelivery.processed_at.is_not(None))
        .group_by(InboxDelivery.consumer)
    )
    return {row[0]: row[1] for row in session.execute(counted)}


def read_jobs() -> list[dict[str, Any]]:
    """Read how often each job ran, and when it last did."""
    histories = {it.job: it for it in session.scalars(sa.select(JobHistory))}
    return [
        {
            "job": name,
            "every_seconds": job.every_seconds,
            **_runs(histories.get(name)),
        }
        for name, job in jobs_of(current_composition()).items()
    ]


def moment(time: datetime | None) -> str | None:
    """Return a time in UTC as RFC 3339 has it, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def troubles(rows: Iterable[Deliveries]) -> Iterator[tuple[str, Deliveries]]:
    """Give what does not arrive, with the reason."""
    for row in rows:
        if reason := row.trouble:
            yield reason, row


def _waiting() -> sa.Select[str, str, int, int, datetime, int]:
    columns = (InboxDelivery.consumer, OutboxEvent.topic, OutboxEvent.payload_version)
    oldest, attempts = sa.func.min(OutboxEvent.created_at), sa.func.max(InboxDelivery.attempts)
    return (
        sa.select(*columns, sa.func.count(), oldest, attempts)
        .join(OutboxEvent, OutboxEvent.id == InboxDelivery.event_id)
        .where(InboxDelivery.processed_at.is_(None))
        .group_by(*columns)
    )


def _last_errors() -> sa.Select[str, str, str]:
    """Select the newest error of each topic and handler."""
    of_handler = (OutboxEvent.topic, InboxDelivery.consumer)
    newest = sa.func.row_number().over(
        partition_by=of_handler, order_by=InboxDelivery.next_attempt_at.desc()
    )
    failed = (
        sa.select(*of_handler, InboxDelivery.last_error, newest.label("place"))
        .join(OutboxEvent, OutboxEvent.id == InboxDelivery.event_id)
        .where(InboxDelivery.processed_at.is_(None), InboxDelivery.last_error.is_not(None))
        .subquery()
    )
    return sa.select(failed.c.topic, failed.c.consumer, failed.c.last_error).where(
        failed.c.place == 1
    )


def _is_parked(handler: Handler | None, version: int) -> bool:
    return handler is None or version not in handler.versions


def _runs(history: JobHistory | None) -> dict[str, Any]:
    return {
        "succeeded": history.succeeded if history else 0,
        "failed": history.failed if history else 0,
        "last_succeeded": moment(history.last_succeeded_at) if history else None,
        "last_failed": moment(history.last_failed_at) if history else None,
    }
