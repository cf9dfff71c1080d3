"""Takes events from the outbox to their handlers, at least once, each on its own."""

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.composition import current_composition
from mercato_kit.db import locked
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_kit.errors import Problem
from mercato_kit.events import Event
from mercato_kit.events import Handler
from mercato_kit.models import InboxDelivery
from mercato_kit.models import OutboxEvent
from mercato_kit.outbox import handlers_of

LEASE = timedelta(minutes=2)
"""How long a delivery belongs to the worker that claimed it; then another one may try."""

LONGEST_PAUSE = timedelta(hours=1)
"""Between two attempts, however many failed."""

_ERROR_LENGTH = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one handler, claimed by this worker."""

    consumer: str
    event_id: UUID
    attempts: int


class AlreadyDeliveredError(Exception):
    """Another worker was faster; what this one did is rolled back."""


class EventGoneError(LookupError):
    """The outbox no longer holds the event."""


class UnknownVersionError(LookupError):
    """The handler cannot read events of this version (K502); a newer wheel of it may."""


class HandlerRefusedError(Exception):
    """A handler raised a refusal; in a worker nobody is there to read it."""


def claim() -> Delivery | None:
    """Take the delivery that is due for longest, for the time of a lease.

    Deliveries of handlers that are not composed stay where they are. The attempt is counted before
    it is made, so one that kills the worker is not tried for ever at full speed.
    """
    return work.run(_claim)


def deliver(delivery: Delivery) -> bool:
    """Run the handler; a failure is written down and tried again later.

    Returns:
        Whether the handler did its work, here or in another worker.
    """
    handler = _handlers()[delivery.consumer]
    try:
        if handler.remote:
            handler.function(work.run(lambda: _event_for(handler, delivery), read_only=True))
            work.run(lambda: _mark_delivered(delivery))
        else:
            work.run(lambda: _deliver_locally(handler, delivery))
    except AlreadyDeliveredError:
        _log.info("%s got event %s from another worker", delivery.consumer, delivery.event_id)
    except Exception as error:  # noqa: BLE001 - a handler may fail in any way
        _log.exception("%s failed on event %s", delivery.consumer, delivery.event_id)
        work.run(partial(_note_failure, delivery, error))
        return False
    return True


def _handlers() -> Mapping[str, Handler]:
    return handlers_of(current_composition().features)


def _claim() -> Delivery | None:
    now = utc_now()
    due = sa.select(InboxDelivery).where(
        InboxDelivery.processed_at.is_(None),
        InboxDelivery.next_attempt_at <= now,
        InboxDelivery.consumer.in_(list(_handlers())),
    )
    in_order = due.order_by(InboxDelivery.next_attempt_at, InboxDelivery.event_id).limit(1)
    row = session.scalar(locked(in_order, skip_locked=True))
    if row is None:
        return None
    row.attempts += 1
    row.next_attempt_at = now + LEASE
    return Delivery(row.consumer, row.event_id, row.attempts)


def _deliver_locally(handler: Handler, delivery: Delivery) -> None:
    """Mark first: the row's lock keeps a second worker waiting until this one is done."""
    _mark_delivered(delivery)
    try:
        handler.function(_event_for(handler, delivery))
    except Problem as refusal:
        # One that keeps its work would commit the mark with it.
        raise HandlerRefusedError(f"{refusal.code}: {refusal.detail}") from refusal


def _mark_delivered(delivery: Delivery) -> None:
    marked = session.execute(
        _open(delivery)
        .values(processed_at=utc_now(), last_error=None)
        .returning(InboxDelivery.event_id)
    ).all()
    if not marked:
        raise AlreadyDeliveredError


def _note_failure(delivery: Delivery, error: Exception) -> None:
    session.execute(
        _open(delivery).values(
            last_error=_describe(error), next_attempt_at=_next_attempt(delivery.attempts)
        )
    )


def _open(delivery: Delivery) -> sa.Update:
    return (
        sa.update(InboxDelivery)
        .where(
            InboxDelivery.consumer == delivery.consumer,
            InboxDelivery.event_id == delivery.event_id,
            InboxDelivery.processed_at.is_(None),
        )
        .execution_options(synchronize_session=False)
    )


def _next_attempt(attempts: int) -> datetime:
    """Return when to try again: 2, 4, 8 … seconds from now, less up to half of it by chance."""
    longest = min(2.0 ** min(attempts, 20), LONGEST_PAUSE.total_seconds())
    return utc_now() + timedelta(seconds=longest * random.uniform(0.5, 1))  # noqa: S311 - jitter


def _describe(error: Exception) -> str:
    """Say class and first line, without the parameters of the SQL that failed."""
    told = getattr(error, "orig", None) or error
    first_line = next(iter(str(told).splitlines()), "")
    return f"{type(error).__name__}: {first_line}"[:_ERROR_LENGTH]


def _event_for(handler: Handler, delivery: Delivery) -> Event:
    event = _event(delivery)
    if event.version not in handler.versions:
        known = ", ".join(map(str, sorted(handler.versions)))
        raise UnknownVersionError(f"{event.topic} is of version {event.version}; known: {known}")
    return event


def _event(delivery: Delivery) -> Event:
    row = session.get(OutboxEvent, delivery.event_id)
    if row is None:
        raise EventGoneError(f"event {delivery.event_id} is not in the outbox")
    return Event(
        topic=row.topic,
        aggregate_type=row.aggregate_type,
        aggregate_id=row.aggregate_id,
        aggregate_version=row.aggregate_version,
        payload=row.payload,
        version=row.payload_version,
        id=row.id,
        created_at=row.created_at,
    )
