"""The outbox: events are stored in the transaction that causes them, and delivered later."""

from mercato_kit.composition import current_composition
from mercato_kit.events import Event
from mercato_kit.later import later
from mercato_kit.models import InboxDelivery, OutboxEvent


def publish(event: Event) -> None:
    """Insert *event* into the outbox, with one delivery per composed handler of its topic.

    Both are written at the end of the caller's unit of work: the event exists if and only if the
    change does.
    """
    event_row = {
        "id": event.id,
        "topic": event.topic,
        "aggregate_type": event.aggregate_type,
        "aggregate_id": event.aggregate_id,
        "aggregate_version": event.aggregate_version,
        "payload": dict(event.payload),
        "payload_version": event.version,
        "created_at": event.created_at,
    }
    later(OutboxEvent, [event_row])
    later(
        InboxDelivery,
        (
            {"consumer": consumer, "event_id": event.id, "next_attempt_at": event.created_at}
            for consumer in current_composition().consumers.get(event.topic, ())
        ),
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
