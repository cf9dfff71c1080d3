"""The audit trail of security events."""

from typing import Any
from uuid import UUID

from mercato_kit import security
from mercato_kit.db import new_id, utc_now
from mercato_kit.later import later
from mercato_users.clients import UNKNOWN, Client
from mercato_users.models import AuditEvent


def record(
    user_id: UUID,
    what: str,
    *,
    client: Client = UNKNOWN,
    actor_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Record an event of an account, here and in the security log.

    ``actor_id`` is None for the system or the owner.
    """
    event = {
        "id": new_id(),
        "user_id": user_id,
        "actor_id": actor_id,
        "type": what,
        "ip_prefix": client.prefix,
        "data": data or {},
        "created_at": utc_now(),
    }
    later(AuditEvent, [event])
    # The reason is free text about a person, which erasure could not find in a log.
    facts = {name: value for name, value in (data or {}).items() if name != "reason"}
    security.record(what, user_id=user_id, **facts)
