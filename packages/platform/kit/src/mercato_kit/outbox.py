"""The outbox: events are stored in the transaction that causes them, and delivered later."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from mercato_kit.composition import current_composition
from mercato_kit.db import session
from mercato_kit.events import Event, Handler
from mercato_kit.feature import Feature
from mercato_kit.models import InboxDelivery, OutboxEvent


def publish(event: Event) -> None:
    """Insert *event* into the outbox, with one delivery per composed handler of its topic.

    Both inserts belong to the caller's transaction: the event exists if and only if the change
    does.
    """
    session.execute(
        sa.insert(OutboxEvent).values(
            id=event.id,
            topic=event.topic,
            aggregate_type=event.aggregate_type,
            aggregate_id=event.aggregate_id,
            aggregate_version=event.aggregate_version,
            payload=dict(event.payload),
            payload_version=event.version,
            created_at=event.created_at,
        )
    )
    consumers = _consumers_of(event.topic)
    if consumers:
        session.execute(
            sa.insert(InboxDelivery).values(
                [
                    {
                        "consumer": consumer,
                        "event_id": event.id,
                        "attempts": 0,
                        "next_attempt_at": event.created_at,
                    }
                    for consumer in consumers
                ]
            )
        )


def event_of(row: OutboxEvent) -> Event:
    """Return the event that a row of the outbox holds."""
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


def handlers_of(features: Iterable[Feature]) -> Mapping[str, Handler]:
    """Return the handlers of *features* by consumer name (``<feature>.<handler>``), in order."""
    return {
        f"{feature.name}.{handler.name}": handler
        for feature in features
        for handler in feature.handles
    }


def _consumers_of(topic: str) -> list[str]:
    """Return the consumers of *topic*, including those of features that are temporarily away."""
    composition = current_composition()
    known = handlers_of([*composition.features, *composition.away])
    return [name for name, handler in known.items() if handler.topic == topic]
