"""Event and Handler: what happened, and which function answers it."""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import datetime
from typing import Any
from uuid import UUID

from mercato_kit.db import new_id
from mercato_kit.db import utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to one aggregate.

    Args:
        topic: Its name in the API, e.g. ``order.placed``.
        aggregate_type: What it happened to, e.g. ``order``.
        aggregate_id: Which one.
        aggregate_version: The version the change made; with topic and id it makes the event unique.
        payload: JSON values. No secrets: the outbox is read by operators.
        version: Of the payload's shape. It counts up when a handler written for the last shape
            could not read this one; a new member alone breaks nobody.
    """

    topic: str
    aggregate_type: str
    aggregate_id: UUID
    aggregate_version: int
    payload: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    id: UUID = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True, slots=True)
class Handler:
    """A function that answers events of one topic, delivered by the worker at least once.

    Args:
        topic: Events of which topic.
        function: What to do. Runs in a unit of work together with the mark that it is done, so its
            effect in the database happens once.
        remote: It talks to another machine (mail, webhook). It then runs outside any transaction,
            reads through ``work.run`` itself, and may be repeated after a crash.
        versions: Of the event's payload that it can read. Events of others wait.
    """

    topic: str
    function: Callable[[Event], None]
    remote: bool = False
    versions: Collection[int] = (1,)

    @property
    def name(self) -> str:
        """The function's name: the handler's identity within its feature."""
        return self.function.__name__
