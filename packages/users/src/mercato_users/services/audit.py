"""The audit trail of security events."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from flask import g, has_request_context

from mercato_kit import security
from mercato_kit.http import PageRequest
from mercato_kit.identity import known_principal
from mercato_kit.later import later
from mercato_kit.views import Shown
from mercato_users.clients import UNKNOWN, Client
from mercato_users.models import AuditEvent
from mercato_users.views import AUDIT_EVENTS, OWN_AUDIT_EVENTS


def record(
    user_id: UUID | None,
    what: str,
    *,
    client: Client = UNKNOWN,
    actor_id: UUID | None = None,
    session_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Record an event of an account, here and in the security log.

    Args:
        user_id: The account; None for a change of a role.
        what: What happened.
        client: Where it was asked for.
        actor_id: Who did it: the owner or staff; None for the system.
        session_id: The session; by default that of the request.
        data: More about it.
    """
    caller = known_principal()
    event = {
        "user_id": user_id,
        "actor_id": actor_id,
        "type": what,
        "ip_prefix": client.prefix,
        "data": data or {},
        "request_id": g.get("request_id") if has_request_context() else None,
        "session_id": session_id or caller.session_id,
        "key_id": caller.key_id,
    }
    later(AuditEvent, [event])
    # The reason is free text about a person, which erasure could not find in a log.
    facts = {name: value for name, value in (data or {}).items() if name != "reason"}
    if user_id is not None:
        facts = {"user_id": user_id, **facts}
    security.record(what, **facts)


def record_each(user_ids: Collection[UUID], what: str) -> None:
    """Record an event of many accounts by a command; the security log has their number."""
    later(AuditEvent, ({"user_id": user_id, "type": what} for user_id in user_ids))
    security.record(what, accounts=len(user_ids))


def list_own_events(user_id: UUID, page: PageRequest, **bounds: Any) -> Shown:
    """Return a page of the audit trail of a user, as its owner sees it.

    Args:
        user_id: The user.
        page: The page requested.
        **bounds: Bounds by name, see :data:`mercato_users.views.OWN_AUDIT_EVENTS`.
    """
    return OWN_AUDIT_EVENTS.page(page, user_id=user_id, **bounds)


def list_events(page: PageRequest, **filters: Any) -> Shown:
    """Return a page of the audit trail, as staff see it.

    Args:
        page: The page requested.
        **filters: Values and bounds by name, see :data:`mercato_users.views.AUDIT_EVENTS`.
    """
    return AUDIT_EVENTS.page(page, **filters)
