"""List, change, suspend and reactivate accounts."""

from collections.abc import Container, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import found, locked, session, utc_now
from mercato_kit.errors import StaleVersion
from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_users import topics
from mercato_users.errors import InvalidTransition
from mercato_users.models import User
from mercato_users.services import (
    administrators,
    audit,
    open_sessions,
    role_changes,
    standing,
)
from mercato_users.views import USERS

_ESCAPED = str.maketrans({mark: f"/{mark}" for mark in "/%_"})


def list_users(page: PageRequest, *, q: str | None = None, **filters: Any) -> Shown:
    """Return a page of users, by default newest first.

    Args:
        page: The page requested.
        q: Part of the address or of a name.
        **filters: Values and bounds by name, see :data:`mercato_users.views.USERS`.
    """
    if q is not None:
        filters["q"] = q.translate(_ESCAPED)
    return USERS.page(page, **filters)


def update_user(
    user_id: UUID,
    changes: Mapping[str, Any],
    *,
    versions: Container[int],
    actor_id: UUID | None,
) -> Shown:
    """Change an account: its roles, its status and its metadata.

    Args:
        user_id: The account.
        changes: New values by attribute; ``roles`` are names.
        versions: The versions that the caller accepts.
        actor_id: Who changes it; None for an operator, who may do everything.

    Raises:
        NotFound: The user does not exist.
        StaleVersion: The account has changed since.
        UnknownRole: A role with one of the names does not exist.
        Forbidden: The actor lacks what the account, or a given or taken role, holds.
        LastAdministrator: No administrator would be left.
    """
    names = changes.get("roles", ())
    role_changes.lock_roles(names)
    columns = {name: value for name, value in changes.items() if name == "metadata_"}
    user = role_changes.lock_user(user_id, **columns)
    if user.version - 1 not in versions:
        raise StaleVersion
    if "roles" in changes:
        role_changes.set_roles(user_id, user.version, names, actor_id=actor_id)
    else:
        standing.require_touch_of(user_id, actor_id)
    if changes.get("status", user.status) != user.status:
        change = suspend_user if changes["status"] == "suspended" else reactivate_user
        change(user_id, reason=None, actor_id=actor_id)
    return USERS.one(id=user_id)


def suspend_user(
    user_id: UUID, *, reason: str | None, actor_id: UUID | None, force: bool = False
) -> None:
    """Suspend an account; its sessions end immediately.

    Args:
        user_id: The account.
        reason: Why, for the audit trail.
        actor_id: Who suspends it; None for an operator, who may do everything.
        force: Also suspend the last administrator.

    Raises:
        NotFound: The user does not exist.
        InvalidTransition: The account is not active.
        Forbidden: The account holds what the actor does not.
        LastAdministrator: No administrator would be left.
    """
    administrators.lock()
    version = _change_status(user_id, "active", "suspended")
    ending = open_sessions.ending_of_all(user_id, "suspended")
    target = standing.require_touch_of(user_id, actor_id, *ending)
    audit.record(user_id, "suspended", actor_id=actor_id, data={"reason": reason})
    topics.publish_change(topics.SUSPENDED, user_id, version)
    if target.is_system and not force:
        administrators.require_one()


def reactivate_user(user_id: UUID, *, reason: str | None, actor_id: UUID | None) -> None:
    """Reactivate a suspended account.

    Raises:
        NotFound: The user does not exist.
        InvalidTransition: The account is not suspended.
        Forbidden: The account holds what the actor does not.
    """
    version = _change_status(user_id, "suspended", "active")
    standing.require_touch_of(user_id, actor_id)
    audit.record(user_id, "reactivated", actor_id=actor_id, data={"reason": reason})
    topics.publish_change(topics.REACTIVATED, user_id, version)


def revoke_sessions(user_id: UUID, *, reason: str | None, actor_id: UUID | None) -> None:
    """End all sessions of an account.

    Raises:
        NotFound: The user does not exist.
        Forbidden: The account holds what the actor does not.
    """
    found(session.scalar(locked(sa.select(User.id).where(User.id == user_id))))
    standing.require_touch_of(user_id, actor_id)
    open_sessions.end_all(user_id, "ended_by_staff")
    data = {"reason": reason}
    audit.record(user_id, "session_ended", actor_id=actor_id, data=data)


def _change_status(user_id: UUID, before: str, after: str) -> int:
    """Change the status of an account, which locks its row, and return its version."""
    version = session.scalar(
        sa.update(User)
        .where(User.id == user_id, User.status == before)
        .values(status=after, version=User.version + 1, updated_at=utc_now())
        .returning(User.version)
        .execution_options(synchronize_session=False)
    )
    if version is None:
        status = found(session.scalar(sa.select(User.status).where(User.id == user_id)))
        raise InvalidTransition(f"The account is {status}.")
    return version
