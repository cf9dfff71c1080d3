"""How long sessions last: those of staff, who hold a permission, end earlier."""

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.settings import current_settings
from mercato_users.models import Role, RolePermission, Session, User, UserRole
from mercato_users.settings import UsersSettings

HOLDS = sa.or_(Role.is_system, sa.exists().where(RolePermission.role_id == Role.id))
"""Whether a role holds a permission."""

IS_STAFF = sa.exists().where(UserRole.user_id == User.id, Role.id == UserRole.role_id, HOLDS)
"""Whether a user has a role that holds a permission."""


class Ends(NamedTuple):
    """When a session ends: at the latest, and if it is not refreshed."""

    latest: datetime
    idle: datetime


def extend(login: Session, now: datetime, *, is_staff: bool) -> None:
    """Let a session that is refreshed *now* be idle later; it never lasts longer in all.

    One that was begun before its user became staff ends as early as those of staff that begin now.
    """
    ends = until(now, is_staff=is_staff)
    login.last_seen_at, login.idle_expires_at = now, ends.idle
    login.expires_at = min(login.expires_at, ends.latest)


def until(now: datetime, *, is_staff: bool) -> Ends:
    """Return when a session that begins or is refreshed *now* ends."""
    settings = current_settings(UsersSettings)
    if is_staff:
        latest = timedelta(hours=settings.staff_session_hours)
        return Ends(now + latest, now + timedelta(minutes=settings.staff_idle_minutes))
    latest = timedelta(days=settings.session_days)
    return Ends(now + latest, now + timedelta(days=settings.idle_days))


def shorten(which: sa.ColumnElement[bool]) -> None:
    """Let sessions end as early as those of staff that begin now: their user became staff."""
    ends = until(utc_now(), is_staff=True)
    session.execute(
        sa.update(Session)
        .where(which, Session.revoked_at.is_(None))
        .values(
            expires_at=_earlier(Session.expires_at, ends.latest),
            idle_expires_at=_earlier(Session.idle_expires_at, ends.idle),
        )
        .execution_options(synchronize_session=False)
    )


def _earlier(column: sa.orm.InstrumentedAttribute[datetime], moment: datetime) -> sa.Case[datetime]:
    limit = sa.literal(moment, column.type)
    return sa.case((column > limit, limit), else_=column)
