"""Deliver events from the outbox to their handlers, each at least once."""

import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import leases, work
from mercato_kit.composition import current_composition, handlers_of
from mercato_kit.db import session, utc_now
from mercato_kit.errors import Problem
from mercato_kit.events import Event, Handler
from mercato_kit.leases import Lease
from mercato_kit.models import InboxDelivery, OutboxEvent
from mercato_kit.outbox import event_of

LONGEST_PAUSE = timedelta(hours=1)
"""The longest pause between two attempts."""

_ERROR_LENGTH = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one handler, leased by this worker."""

    consumer: str
    event_id: UUID
    lease: Lease


class AlreadyDeliveredError(Exception):
    """Another worker has made the delivery; the work of this one is rolled back."""


class EventGoneError(LookupError):
    """The event of a delivery is not in the outbox."""


class UnknownVersionError(LookupError):
    """The handler does not support this version of the event (K502); a newer wheel may."""


class HandlerRefusedError(Exception):
    """A handler raised a problem, which counts as a failure in a worker."""


def claim() -> Delivery | None:
    """Lease the delivery that has been due for longest.

    Deliveries for handlers that are not composed are left waiting. The attempt is counted before
    it is made, so that one that kills the worker is counted, too.
    """
    due = sa.and_(
        InboxDelivery.processed_at.is_(None),
        InboxDelivery.next_attempt_at <= utc_now(),
        InboxDelivery.consumer.in_(list(_handlers())),
    )
    lease = leases.take(
        InboxDelivery,
        due,
        order_by=[InboxDelivery.next_attempt_at, InboxDelivery.event_id],
        limit=1,
        values={"attempts": InboxDelivery.attempts + 1},
    )
    for consumer, event_id in lease.keys:
        return Delivery(consumer, event_id, lease)
    return None


def deliver(delivery: Delivery) -> bool:
    """Run the handler; a failure is recorded, and retried later.

    Returns:
        Whether the event was delivered, here or by another worker.
    """
    handler = _handlers()[delivery.consumer]
    try:
        if handler.remote:
            event = work.run(lambda: _event_for(handler, delivery), read_only=True)
            # A local one needs no more than its lease: its transaction has time limits.
            with leases.renewed(delivery.lease):
                handler.function(event)
            work.run(lambda: _mark_delivered(delivery))
        else:
            work.run(lambda: _deliver_locally(handler, delivery))
    except AlreadyDeliveredError:
        _log.info("another worker delivered %s to %s", delivery.event_id, delivery.consumer)
    except Exception as error:  # noqa: BLE001 - a handler may fail in any way
        _log.exception("%s failed on event %s", delivery.consumer, delivery.event_id)
        work.run(partial(_record_failure, delivery, error))
        return False
    return True


def _handlers() -> Mapping[str, Handler]:
    return handlers_of(current_composition().features)


def _deliver_locally(handler: Handler, delivery: Delivery) -> None:
    """Mark the delivery and run the handler in one transaction."""
    # Mark it first: the lock on the row makes a second worker wait until this one has finished.
    _mark_delivered(delivery)
    try:
        handler.function(_event_for(handler, delivery))
    except Problem as problem:
        # A problem with keeps_work would commit the mark although the handler failed.
        raise HandlerRefusedError(f"{problem.code}: {problem.detail}") from problem


def _mark_delivered(delivery: Delivery) -> None:
    marked = session.execute(
        _open(delivery)
        .values(processed_at=utc_now(), last_error=None, leased_until=None, lease_id=None)
        .returning(InboxDelivery.event_id)
    ).all()
    if not marked:
        raise AlreadyDeliveredError


def _record_failure(delivery: Delivery, error: Exception) -> None:
    row = session.get_one(InboxDelivery, (delivery.consumer, delivery.event_id))
    failed = {"last_error": _describe(error), "next_attempt_at": _next_attempt(row.attempts)}
    session.execute(_open(delivery).values(failed))
    leases.end(delivery.lease)


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
    """Return when to retry: 2, 4, 8 … seconds from now, minus a random part of up to half."""
    longest = min(2.0 ** min(attempts, 20), LONGEST_PAUSE.total_seconds())
    return utc_now() + timedelta(seconds=longest * random.uniform(0.5, 1))  # noqa: S311 - jitter


def _describe(error: Exception) -> str:
    """Return the class and the first line of an error, without the parameters of its SQL."""
    # SQLAlchemy's message has the parameters, which may be secrets; the driver's has not.
    cause = getattr(error, "orig", None) or error
    first_line = next(iter(str(cause).splitlines()), "")
    return f"{type(error).__name__}: {first_line}"[:_ERROR_LENGTH]


def _event_for(handler: Handler, delivery: Delivery) -> Event:
    event = _event(delivery)
    if event.version not in handler.versions:
        known = ", ".join(map(str, sorted(handler.versions)))
        raise UnknownVersionError(f"{event.topic} has version {event.version}; supported: {known}")
    return event


def _event(delivery: Delivery) -> Event:
    row = session.get(OutboxEvent, delivery.event_id)
    if row is None:
        raise EventGoneError(f"event {delivery.event_id} is not in the outbox")
    return event_of(row)
