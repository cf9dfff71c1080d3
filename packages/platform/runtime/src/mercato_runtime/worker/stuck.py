"""Find deliveries that do not succeed by waiting: K501, K502 and K506."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from mercato_composition.faults import Fault, Outside, Place
from mercato_composition.features.candidate import Candidate
from mercato_kit.events import Handler
from mercato_kit.models import InboxDelivery, OutboxEvent

OFTEN = 5
"""From this many failed attempts on, about half a minute, a delivery counts as failing."""


@dataclass(frozen=True)
class Waiting:
    """Events of one topic and version that wait for one handler.

    Args:
        consumer: The handler, as ``<feature>.<handler>``.
        topic: The topic of the events.
        version: The version of their payload.
        count: The number of events.
        oldest: When the oldest of them was published.
        failing: How many of them failed :data:`OFTEN` times or more.
        last_error: The last error of one of those.
    """

    consumer: str
    topic: str
    version: int
    count: int
    oldest: datetime
    failing: int
    last_error: str | None

    @property
    def counted(self) -> str:
        """The number and the topic, as text."""
        return f"{self.count} {'event' if self.count == 1 else 'events'} {self.topic}"


def stuck_deliveries(connection: sa.Connection, features: Sequence[Candidate]) -> list[Fault]:
    """Return a warning for each kind of delivery that does not succeed by waiting.

    Args:
        connection: A connection to a database whose kit tables are up to date.
        features: The composed features.
    """
    handlers = {
        f"{feature.name}.{handler.name}": (feature, handler)
        for feature in features
        for handler in feature.manifest.handles
    }
    faults: list[Fault] = []
    for waiting in _waiting(connection):
        if waiting.consumer not in handlers:
            faults.append(_unhandled(waiting, features))
            continue
        feature, handler = handlers[waiting.consumer]
        if waiting.version not in handler.versions:
            faults.append(_unreadable(waiting, feature, handler, features))
        elif waiting.failing:
            faults.append(_failing(waiting, feature))
    return faults


def _waiting(connection: sa.Connection) -> Iterator[Waiting]:
    often = InboxDelivery.attempts >= OFTEN
    rows = connection.execute(
        sa.select(
            InboxDelivery.consumer,
            OutboxEvent.topic,
            OutboxEvent.payload_version,
            sa.func.count(),
            sa.func.min(OutboxEvent.created_at),
            sa.func.sum(sa.case((often, 1), else_=0)),
            sa.func.max(sa.case((often, InboxDelivery.last_error))),
        )
        .join(OutboxEvent, OutboxEvent.id == InboxDelivery.event_id)
        .where(InboxDelivery.processed_at.is_(None))
        .group_by(InboxDelivery.consumer, OutboxEvent.topic, OutboxEvent.payload_version)
        .order_by(InboxDelivery.consumer, OutboxEvent.topic, OutboxEvent.payload_version)
    )
    for row in rows:
        yield Waiting(*row)


def _unhandled(waiting: Waiting, features: Sequence[Candidate]) -> Fault:
    name, _, handler = waiting.consumer.partition(".")
    feature = next((one for one in features if one.name == name), None)
    if feature is None:
        where, absent = Place(name="events"), f"{name!r}, a feature that does not run here"
        fix = f"enable it again: [features.{name}]; or delete them with its data: "
        fix += f"`mercato data purge {name} --drop-events`"
    else:
        where, absent = feature.place, f"its handler {handler!r}, which this version does not have"
        fix = "install a version that has it; until then they are kept"
    verb = "waits" if waiting.count == 1 else "wait"
    what = f"{waiting.counted} {verb} for {absent}; the oldest is from {_when(waiting)}."
    return Fault("K501", where, what, (Outside(fix),), severity="warning")


def _unreadable(
    waiting: Waiting, feature: Candidate, handler: Handler, features: Sequence[Candidate]
) -> Fault:
    publishers = [one.release for one in features if waiting.topic in one.manifest.publishes]
    by = f" by {publishers[0]}" if publishers else ""
    known = ", ".join(map(str, sorted(handler.versions)))
    what = (
        f"published{by}: {waiting.counted} of version {waiting.version}; "
        f"its handler {handler.name!r} supports {known}.\n"
        f"the oldest is from {_when(waiting)}; waiting events are kept"
    )
    fix = f"install a version of {feature.distribution or feature.name} that supports it"
    return Fault("K502", feature.place, what, (Outside(fix),), severity="warning")


def _failing(waiting: Waiting, feature: Candidate) -> Fault:
    handler = waiting.consumer.partition(".")[2]
    what = (
        f"its handler {handler!r} failed {OFTEN} times or more on {waiting.failing} of "
        f"{waiting.counted} that wait; the oldest is from {_when(waiting)}.\n"
        f"last error: {waiting.last_error}"
    )
    fix = "fix the cause; workers retry the events automatically"
    return Fault("K506", feature.place, what, (Outside(fix),), severity="warning")


def _when(waiting: Waiting) -> str:
    return f"{waiting.oldest:%Y-%m-%d %H:%M} UTC"
