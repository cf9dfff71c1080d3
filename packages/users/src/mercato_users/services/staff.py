"""List, suspend and reactivate accounts."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import found, locked, session
from mercato_kit.http import Page, PageRequest, conditions, paginate
from mercato_users.errors import InvalidTransition
from mercato_users.models import Role, User, UserRole
from mercato_users.services import audit, sessions


def list_users(
    page: PageRequest,
    *,
    q: str | None = None,
    role: str | None = None,
    **filters: Any,
) -> Page[User]:
    """Return a page of users, by default newest first.

    Args:
        page: The page requested.
        q: Part of the address or of a name.
        role: Only users with the role of this name.
        **filters: Columns of the model, as in :func:`mercato_kit.http.conditions`.
    """
    statement = sa.select(User).where(*conditions(filters, vars(User)))
    if q is not None:
        columns = (User.email, User.email_canonical, User.given_name, User.family_name)
        statement = statement.where(
            sa.or_(*(column.icontains(q, autoescape=True) for column in columns))
        )
    if role is not None:
        holders = sa.select(UserRole.user_id).join(Role, Role.id == UserRole.role_id)
        statement = statement.where(User.id.in_(holders.where(Role.name == role)))
    return paginate(statement, page, columns={"created_at": User.created_at}, id=User.id)


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
