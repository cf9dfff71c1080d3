"""The account of a person is erased."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import locked, refreshed, session
from mercato_users import topics
from mercato_users.models import (
    Address,
    ApiKey,
    AuditEvent,
    Challenge,
    Device,
    Invitation,
    OneTimeToken,
    Session,
    User,
    UserRole,
)
from mercato_users.services import administrators, standing

_DELETED = (ApiKey, Device, Challenge, Session, OneTimeToken, UserRole, Address)


def erase_user(user_id: UUID) -> bool:
    """Erase a user, and return whether there was one to erase.

    Only the id stays, because rows of other features refer to it, and of its audit trail who, what
    and when.

    Raises:
        LastAdministrator: No administrator would be left.
    """
    administrators.lock()
    user = session.scalar(refreshed(locked(sa.select(User).where(User.id == user_id))))
    if user is None or user.status == "erased":
        return False
    held = standing.held_by([user_id])[user_id]
    user.email = user.email_canonical = f"{user_id}@erased.invalid"
    user.password_hash = user.given_name = user.family_name = None
    user.phone_number = user.locale = user.last_login_at = None
    user.metadata_ = {}
    user.status, user.has_factor = "erased", False
    user.token_epoch += 1
    user.credential_epoch += 1
    session.flush()
    for model in _DELETED:
        session.execute(sa.delete(model).where(model.user_id == user_id))
    _blank_trail(user_id)
    topics.publish_change(topics.ERASED, user_id, user.version)
    if held.is_system:
        administrators.require_one()
    return True


def delete_unverified(addresses: Collection[str]) -> int:
    """Delete accounts of proven addresses that were never verified, and return their number.

    Args:
        addresses: Canonical addresses.
    """
    deleted = session.scalars(
        sa.delete(User)
        .where(User.email_canonical.in_(addresses), User.email_verified_at.is_(None))
        .returning(User.id)
        .execution_options(synchronize_session=False)
    ).all()
    for user_id in deleted:
        _blank_trail(user_id)
    return len(deleted)


def delete_invitations(addresses: Collection[str]) -> int:
    """Delete invitations that were mailed to proven addresses, and return their number.

    Args:
        addresses: Canonical addresses.
    """
    deleted = session.scalars(
        sa.delete(Invitation)
        .where(Invitation.email_canonical.in_(addresses))
        .returning(Invitation.id)
        .execution_options(synchronize_session=False)
    )
    return len(deleted.all())


def _blank_trail(user_id: UUID) -> None:
    """Blank what the audit trail says of a person besides who did what, and when."""
    about = sa.update(AuditEvent).where(AuditEvent.user_id == user_id)
    session.execute(about.values(data={}, ip_prefix=None, request_id=None))
    # Where it was done from is that of the actor, also in the trail of another account.
    done_by = sa.update(AuditEvent).where(AuditEvent.actor_id == user_id)
    session.execute(done_by.values(ip_prefix=None, request_id=None))
