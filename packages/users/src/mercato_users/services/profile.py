"""Read and change profiles."""

from collections.abc import Container, Mapping
from typing import Any
from uuid import UUID

from mercato_kit.db import check_version, found, session
from mercato_kit.views import Shown
from mercato_users.models import User
from mercato_users.views import USERS


def find_user(user_id: UUID) -> Shown:
    """Return what is shown of a user.

    Raises:
        NotFound: The user does not exist.
    """
    return USERS.one(id=user_id)


def update_profile(user_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]) -> User:
    """Change the profile of a user.

    Args:
        user_id: Id of the user.
        changes: New values by attribute.
        versions: The versions that the caller accepts; usually the one that it read.

    Raises:
        StaleVersion: The profile has changed since.
    """
    user = found(session.get(User, user_id))
    check_version(user, versions)
    for attribute, value in changes.items():
        setattr(user, attribute, value)
    session.flush()
    return user
