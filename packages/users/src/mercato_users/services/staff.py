"""List, suspend and reactivate accounts."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import found, locked, session
from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_users.errors import InvalidTransition
from mercato_users.models import User
from mercato_users.services import audit, sessions
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


def suspend_user(user_id: UUID, *, reason: str | None, actor_id: UUID | None) -> None:
    """Suspend an account; its sessions end immediately.

    Raises:
        NotFound: The user does not exist.
        InvalidTransition: The account is not active.
    """
    _change_status(user_id, "active", "suspended")
    sessions.end_all(user_id, "suspended")
    audit.record(user_id, "suspended", actor_id=actor_id, data={"reason": reason})


def reactivate_user(user_id: UUID, *, reason: str | None, actor_id: UUID | None) -> None:
    """Reactivate a suspended account.

    Raises:
        NotFound: The user does not exist.
        InvalidTransition: The account is not suspended.
    """
    _change_status(user_id, "suspended", "active")
    audit.record(user_id, "reactivated", actor_id=actor_id, data={"reason": reason})


def _change_status(user_id: UUID, before: str, after: str) -> None:
    user = found(session.scalar(locked(sa.select(User).where(User.id == user_id))))
    if user.status != before:
        raise InvalidTransition(f"The account is {user.status}.")
    user.status = after
    session.flush()
