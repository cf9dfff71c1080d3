"""What users say about themselves."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from mercato_kit.db import session
from mercato_kit.errors import NotFound
from mercato_kit.errors import StaleVersion
from mercato_users.models import User


def find_user(user_id: UUID) -> User:
    """Return a user.

    Raises:
        NotFound: There is none with this id.
    """
    user = session.get(User, user_id)
    if user is None:
        raise NotFound
    return user


def update_profile(user_id: UUID, changes: Mapping[str, Any], *, version: int) -> User:
    """Change what a user says about themselves.

    Args:
        user_id: Whose profile.
        changes: New values, by attribute.
        version: The version the caller read.

    Raises:
        StaleVersion: The profile changed since then.
    """
    user = find_user(user_id)
    if user.version != version:
        raise StaleVersion
    for attribute, value in changes.items():
        setattr(user, attribute, value)
    session.flush()
    return user
