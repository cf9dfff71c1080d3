"""The inbox of payment events: a webhook is stored, answered, and settled.

An event is stored in a transaction of its own, so that it is not lost if settling it fails. It is
evidence like any other: it may come twice, late, out of order, or before the answer to the call
that caused it.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from mercato_contracts.payments import BadSignature, Notice, Payments, Snapshot
from mercato_kit import leases, work
from mercato_kit.db import found, insert, session, utc_now
from mercato_kit.services import named
from mercato_orders.errors import BadWebhookSignature
from mercato_orders.models import CHECK_AFTER, Payment, PaymentEvent
from mercato_orders.services import schedule
from mercato_orders.services.calls import describe, fetch_payment, in_threads
from mercato_orders.services.payments.settlement import settle

BODIES_KEPT = timedelta(days=30)
"""How long the body of an event is kept, for investigations."""

BATCH = 10
OLD_BODIES = 500

Key = tuple[str, str]
"""Provider and id of an event."""

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
    ours = [notice for notice in notices if not notice.foreign]
    text = body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    stored = work.run(lambda: _store_all(provider, ours, text)) if ours else []
    for key, snapshot in stored:
        # One without a snapshot is fetched by the job: a webhook does not wait for its sender.
        if snapshot is not None:
            _try_to_settle(key)


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
    [key] = work.run(lambda: _find(event_id, provider), read_only=True)
    return _settle(key)


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


def _store_all(
    provider: str, notices: Sequence[Notice], body: str
) -> list[tuple[Key, dict[str, Any] | None]]:
    """Store the events that are new; return their keys and snapshots."""
    stored: list[tuple[Key, dict[str, Any] | None]] = []
    for notice in notices:
        snapshot = None if notice.snapshot is None else msgspec.to_builtins(notice.snapshot)
        if _store(provider, notice, body, snapshot):
            stored.append(((provider, notice.event_id), snapshot))
    return stored


def _store(provider: str, notice: Notice, body: str, snapshot: dict[str, Any] | None) -> bool:
    """Insert an event of a payment that is here; return whether it is new."""
    now = utc_now()
    values = {
        PaymentEvent.provider: provider,
        PaymentEvent.event_id: notice.event_id,
        PaymentEvent.type: notice.type[:100],
        PaymentEvent.body: body,
        PaymentEvent.snapshot: snapshot,
        PaymentEvent.received_at: now,
        PaymentEvent.next_attempt_at: now if snapshot is None else now + CHECK_AFTER,
    }
    literals = [sa.literal(value, column.type) for column, value in values.items()]
    row = sa.select(Payment.id, *literals).where(Payment.provider == provider, _is_of(notice))
    statement = (
        insert(PaymentEvent)
        .from_select([PaymentEvent.payment_id, *values], row, include_defaults=False)
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(PaymentEvent.event_id)
    )
    return session.scalar(statement) is not None


def _is_of(notice: Notice) -> sa.ColumnElement[bool]:
    """Return the condition that a payment is that of an event: by our id, else the provider's."""
    if notice.payment_id is not None:
        return Payment.id == notice.payment_id
    if notice.reference is None:
        return sa.false()
    return Payment.provider_payment_id == notice.reference


def _settle_or_record(key: Key) -> None:
    error = _try_to_settle(key)
    if error is not None:
        work.run(lambda: _record_failure(key, describe(error)))


def _try_to_settle(key: Key) -> Exception | None:
    """Settle an event; return the error if that fails, for the job that tries again."""
    try:
        _settle(key)
    except Exception as error:  # noqa: BLE001 - one event must not block the others
        _log.exception("payment event %s of %s was not settled", key[1], key[0])
        return error
    return None


def _settle(key: Key) -> UUID:
    """Settle the payment of an event with what the event shows, or what is fetched."""
    payment_id, shown = work.run(lambda: _read(key), read_only=True)
    snapshot = fetch_payment(payment_id) if shown is None else msgspec.convert(shown, Snapshot)

    def step() -> None:
        settle(payment_id, snapshot)
        _write(_is(key), processed_at=utc_now(), last_error=None)

    work.run(step)
    return payment_id


def _read(key: Key) -> tuple[UUID, dict[str, Any] | None]:
    statement = sa.select(PaymentEvent.payment_id, PaymentEvent.snapshot).where(_is(key))
    payment_id, shown = session.execute(statement).one()
    return payment_id, shown


def _record_failure(key: Key, error: str) -> None:
    attempts = session.scalar(sa.select(PaymentEvent.attempts).where(_is(key))) or 0
    _write(
        _is(key),
        attempts=attempts + 1,
        last_error=error,
        next_attempt_at=utc_now() + schedule.next_pause(attempts + 1),
    )


def _find(event_id: str, provider: str | None) -> Iterator[Key]:
    statement = sa.select(PaymentEvent.provider, PaymentEvent.event_id).where(
        PaymentEvent.event_id == event_id
    )
    if provider is not None:
        statement = statement.where(PaymentEvent.provider == provider)
    keys = [(row[0], row[1]) for row in session.execute(statement.limit(2))]
    found(keys[0] if len(keys) == 1 else None)
    return iter(keys)


def _is(key: Key) -> sa.ColumnElement[bool]:
    return sa.and_(PaymentEvent.provider == key[0], PaymentEvent.event_id == key[1])


def _write(condition: sa.ColumnElement[bool], **values: Any) -> None:
    update = sa.update(PaymentEvent).where(condition).values(values)
    session.execute(update.execution_options(synchronize_session=False))
