"""Event and Handler."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from mercato_kit.db import new_id, utc_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change of one aggregate.

    Args:
        topic: Public name, e.g. ``order.placed``.
        aggregate_type: Type of the aggregate, e.g. ``order``.
        aggregate_id: Id of the aggregate.
        aggregate_version: Version after the change; unique together with topic and id.
        payload: JSON values. No secrets, because operators can read the outbox.
        version: Version of the payload's format. Increase it when handlers of the previous format
            cannot read the new one; adding a member is compatible.
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
    """A function that handles events of one topic. The worker delivers each event at least once.

    Args:
        topic: The topic.
        function: The handler. It runs in one unit of work with the mark that the event was
            processed, so that its effect on the database happens once.
        remote: Whether it talks to other machines (mail, webhook). It then runs outside of a
            transaction, uses ``work.run`` itself, and may be repeated after a crash.
        versions: Payload versions that it can read. Events of other versions wait.
    """

    topic: str
    function: Callable[[Event], None]
    remote: bool = False
    versions: Collection[int] = (1,)

    @property
    def name(self) -> str:
        """The function's name, which identifies the handler within its feature."""
        return self.function.__name__
