"""The inbox of payment events: a webhook is stored, answered, and settled.

An event is stored in a transaction of its own, so that it is not lost if settling it fails. It is
evidence like any other: it may come twice, late, out of order, or before the answer to the call
that caused it.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from mercato_contracts.payments import (
    BadSignature,
    Misconfigured,
    Notice,
    Payments,
    Snapshot,
    Unknown,
)
from mercato_kit import leases, work
from mercato_kit.db import found, insert, session, utc_now
from mercato_kit.services import named
from mercato_orders.errors import BadWebhookSignature
from mercato_orders.models import CHECK_AFTER, Order, Payment, PaymentEvent
from mercato_orders.services import schedule
from mercato_orders.services.calls import describe, fetch_payment, in_threads
from mercato_orders.services.payments.settlement import settle

BODIES_KEPT = timedelta(days=30)
"""How long the body of an event is kept, for investigations."""

BATCH = 10
OLD_BODIES = 500
TYPE_LENGTH = 100

Key = tuple[str, str]
"""Provider and id of an event."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is stored.

    Args:
        key: Its provider, and its id there.
        payment_id: Its payment.
        snapshot: The payment as the event shows it; None if it has to be fetched.
    """

    key: Key
    payment_id: UUID
    snapshot: Snapshot | None


_log = logging.getLogger(__name__)


def receive_events(provider: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Store the events of a webhook, and settle them. No unit of work is running.

    Events of others, and of payments that are not here, are not stored.

    Args:
        provider: The name of the payment provider.
        body: As it was received.
        headers: Those of the request.

    Raises:
        NotFound: No enabled feature offers this provider.
        BadWebhookSignature: The provider did not sign the body; no statement was sent.
    """
    payments = found(named(Payments, provider))
    try:
        notices = payments.parse_webhook(body, headers, utc_now())
    except BadSignature as error:
        raise BadWebhookSignature from error
    text = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    ours = [notice for notice in notices if not notice.foreign]
    stored = work.run(lambda: store_events(provider, ours, text)) if ours else []
    for event in stored:
        # One without a snapshot is fetched by the job: a webhook does not wait for its sender.
        if event.snapshot is not None:
            _try_to_settle(event)


def settle_events() -> int:
    """Settle events that failed, or whose payment has to be fetched; return how many were due."""
    due = sa.and_(PaymentEvent.processed_at.is_(None), PaymentEvent.next_attempt_at <= utc_now())
    lease = leases.take(PaymentEvent, due, order_by=[PaymentEvent.next_attempt_at], limit=BATCH)
    if lease.keys:
        with leases.renewed(lease):
            in_threads(_settle_or_record, lease.keys)
        leases.end(lease)
    return len(lease.keys)


def replay_event(event_id: str, provider: str | None = None) -> UUID:
    """Settle an event once more. No unit of work is running.

    Args:
        event_id: The provider's id of the event.
        provider: The name of the provider; needed where two have an event of this id.

    Returns:
        The id of its payment.

    Raises:
        NotFound: There is no such event, or more than one.
        Unknown, Misconfigured: The payment had to be fetched, and there was no answer.
    """
    event = work.run(lambda: _find(event_id, provider), read_only=True)
    _settle(event)
    return event.payment_id


def forget_bodies() -> int:
    """Delete the bodies of old events; return how many."""
    old = (
        sa.select(PaymentEvent.provider, PaymentEvent.event_id)
        .where(PaymentEvent.body.is_not(None), PaymentEvent.received_at < utc_now() - BODIES_KEPT)
        .order_by(PaymentEvent.received_at)
        .limit(OLD_BODIES)
    )
    keys = [tuple(row) for row in session.execute(old)]
    if keys:
        key = sa.tuple_(PaymentEvent.provider, PaymentEvent.event_id)
        _write(key.in_(keys), body=None)
    return len(keys)


def store_events(provider: str, notices: Iterable[Notice], body: str) -> list[Event]:
    """Store the events that are new, and whose payment is here; return them.

    Args:
        provider: The name of the provider.
        notices: Its events.
        body: The body of the webhook.
    """
    stored = (_store(provider, notice, body) for notice in notices)
    return [event for event in stored if event is not None]


def _store(provider: str, notice: Notice, body: str) -> Event | None:
    now = utc_now()
    snapshot = None if notice.snapshot is None else msgspec.to_builtins(notice.snapshot)
    values = {
        PaymentEvent.provider: provider,
        PaymentEvent.event_id: notice.event_id,
        PaymentEvent.type: notice.type[:TYPE_LENGTH],
        PaymentEvent.snapshot: snapshot,
        PaymentEvent.received_at: now,
        PaymentEvent.next_attempt_at: now if snapshot is None else now + CHECK_AFTER,
    }
    literals = [sa.literal(value, column.type) for column, value in values.items()]
    # An order without an address is that of a person who was erased.
    kept = sa.case((Order.customer_email.is_not(None), sa.literal(body, PaymentEvent.body.type)))
    row = sa.select(Payment.id, kept, *literals).join(Order, Order.id == Payment.order_id)
    row = row.where(Payment.provider == provider, _is_of(notice))
    statement = (
        insert(PaymentEvent)
        .from_select(
            [PaymentEvent.payment_id, PaymentEvent.body, *values], row, include_defaults=False
        )
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(PaymentEvent.payment_id)
    )
    payment_id = session.scalar(statement)
    key = provider, notice.event_id
    return None if payment_id is None else Event(key, payment_id, notice.snapshot)


def _is_of(notice: Notice) -> sa.ColumnElement[bool]:
    """Return the condition that a payment is that of an event: by our id, else the provider's."""
    if notice.payment_id is not None:
        return Payment.id == notice.payment_id
    if notice.reference is None:
        return sa.false()
    return Payment.provider_payment_id == notice.reference


def _settle_or_record(key: Key) -> None:
    error = _try_to_settle(work.run(lambda: _read(key), read_only=True))
    if error is not None:
        work.run(lambda: _record_failure(key, describe(error)))


def _try_to_settle(event: Event) -> Exception | None:
    """Settle an event; return the error if that fails, for the job that tries again."""
    try:
        _settle(event)
    except (Misconfigured, Unknown) as error:
        _log.warning("payment event %s of %s waits: %s", event.key[1], event.key[0], error)
        return error
    except Exception as error:  # noqa: BLE001 - one event must not block the others
        _log.exception("payment event %s of %s was not settled", event.key[1], event.key[0])
        return error
    return None


def _settle(event: Event) -> None:
    """Settle the payment of an event with what the event shows, or what is fetched."""
    snapshot = event.snapshot or fetch_payment(event.payment_id)

    def step() -> None:
        settle(event.payment_id, snapshot)
        _write(_is(event.key), processed_at=utc_now(), last_error=None)

    work.run(step)


def _read(key: Key) -> Event:
    statement = sa.select(PaymentEvent.payment_id, PaymentEvent.snapshot).where(_is(key))
    payment_id, shown = session.execute(statement).one()
    return Event(key, payment_id, None if shown is None else msgspec.convert(shown, Snapshot))


def _record_failure(key: Key, error: str) -> None:
    attempts = session.scalar(sa.select(PaymentEvent.attempts).where(_is(key))) or 0
    _write(
        _is(key),
        attempts=attempts + 1,
        last_error=error,
        next_attempt_at=utc_now() + schedule.next_pause(attempts + 1),
    )


def _find(event_id: str, provider: str | None) -> Event:
    statement = sa.select(PaymentEvent.provider).where(PaymentEvent.event_id == event_id)
    if provider is not None:
        statement = statement.where(PaymentEvent.provider == provider)
    owners = session.scalars(statement.limit(2)).all()
    return _read((found(owners[0] if len(owners) == 1 else None), event_id))


def _is(key: Key) -> sa.ColumnElement[bool]:
    return sa.and_(PaymentEvent.provider == key[0], PaymentEvent.event_id == key[1])


def _write(condition: sa.ColumnElement[bool], **values: Any) -> None:
    update = sa.update(PaymentEvent).where(condition).values(values)
    session.execute(update.execution_options(synchronize_session=False))
