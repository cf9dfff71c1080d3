"""The account of a person is erased."""

from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import locked, refreshed, session
from mercato_users import topics
from mercato_users.models import (
    Address,
    ApiKey,
    AuditEvent,
    Device,
    OneTimeToken,
    Session,
    User,
    UserRole,
)
from mercato_users.services import administrators, standing

_DELETED = (ApiKey, Device, Session, OneTimeToken, UserRole, Address, AuditEvent)


def erase_user(user_id: UUID) -> None:
    """Erase a user. Only the id stays, because rows of other features refer to it.

    Raises:
        LastAdministrator: No administrator would be left.
    """
    administrators.lock()
    user = session.scalar(refreshed(locked(sa.select(User).where(User.id == user_id))))
    if user is None or user.status == "erased":
        return
    held = standing.held_by([user_id])[user_id]
    user.email = user.email_canonical = f"{user_id}@erased.invalid"
    user.password_hash = user.given_name = user.family_name = None
    user.phone_number = user.locale = user.last_login_at = None
    user.metadata_ = {}
    user.status = "erased"
    user.token_epoch += 1
    user.credential_epoch += 1
    session.flush()
    for model in _DELETED:
        session.execute(sa.delete(model).where(model.user_id == user_id))
    topics.publish_change(topics.ERASED, user_id, user.version)
    if held.is_system:
        administrators.require_one()
