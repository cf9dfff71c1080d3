"""Export and erase the personal data of a user."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.schemas import render_instant
from mercato_users import topics
from mercato_users.models import AuditEvent, OneTimeToken, Session, User, UserRole
from mercato_users.schemas import UserSchema


def export_subject(user_id: UUID) -> dict[str, Any]:
    """Return the account, sessions and audit trail of a user; empty if the user does not exist."""
    user = session.get(User, user_id)
    if user is None:
        return {}
    logins = session.scalars(
        sa.select(Session).where(Session.user_id == user_id).order_by(Session.id)
    )
    trail = session.scalars(
        sa.select(AuditEvent).where(AuditEvent.user_id == user_id).order_by(AuditEvent.id)
    )
    schema = UserSchema()  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    return {
        "account": schema.dump(user),
        "sessions": [
            {
                "created_at": render_instant(login.created_at),
                "last_seen_at": render_instant(login.last_seen_at),
                "user_agent": login.user_agent,
                "network": login.ip_prefix,
            }
            for login in logins
        ],
        "events": [
            {"type": event.type, "at": render_instant(event.created_at), "network": event.ip_prefix}
            for event in trail
        ],
    }


def erase_subject(user_id: UUID) -> None:
    """Erase a user. Only the id stays, because rows of other features refer to it."""
    user = session.get(User, user_id)
    if user is None or user.status == "erased":
        return
    user.email = user.email_canonical = f"{user_id}@erased.invalid"
    user.password_hash = user.given_name = user.family_name = None
    user.phone_number = user.locale = user.last_login_at = None
    user.metadata_ = {}
    user.status = "erased"
    user.token_epoch += 1
    session.flush()
    for model in (Session, OneTimeToken, UserRole, AuditEvent):
        session.execute(sa.delete(model).where(model.user_id == user_id))
    topics.publish_change(topics.ERASED, user_id, user.version)
