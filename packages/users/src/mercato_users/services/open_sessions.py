"""The open sessions of an account: they are listed, and they end."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from mercato_kit.db import session, utc_now
from mercato_kit.errors import NotFound, Unauthenticated
from mercato_kit.http import Page, PageRequest, paginate
from mercato_users import opaque_tokens
from mercato_users.changes import with_changes
from mercato_users.clients import UNKNOWN, Client
from mercato_users.models import Device, RefreshToken, Session
from mercato_users.services import audit, known_devices

MOST = 50
"""Open sessions of an account; then the one that was not used for longest ends."""


def is_open(login: Session, now: datetime) -> bool:
    """Return whether a session has not ended."""
    return login.revoked_at is None and now < min(login.expires_at, login.idle_expires_at)


def require_open(session_id: UUID | None) -> None:
    """Check that the session of a caller has not ended since the caller was identified.

    Call it while the row of the account is locked: what takes an account from a thief locks that
    row before it ends the sessions.

    Raises:
        Unauthenticated: It has ended.
    """
    is_open = sa.select(Session.id).where(Session.id == session_id, Session.revoked_at.is_(None))
    if session.scalar(is_open) is None:
        raise Unauthenticated(invalid_token=True)


def list_sessions(user_id: UUID, page: PageRequest) -> Page[Session]:
    """Return a page of the open sessions of a user."""
    return paginate(
        sa.select(Session).where(_open(user_id)),
        page,
        columns={"created_at": Session.created_at},
        id=Session.id,
    )


def end_session(
    user_id: UUID, session_id: UUID, client: Client = UNKNOWN, *, actor_id: UUID | None
) -> None:
    """End one session of a user. Its tokens are refused from the next request on.

    Args:
        user_id: The user.
        session_id: The session.
        client: Where it was asked for.
        actor_id: Who ends it; None for an operator.

    Raises:
        NotFound: The user has no such open session.
    """
    of_it = Device.id.in_(sa.select(Session.device_id).where(Session.id == session_id))
    which = sa.and_(_open(user_id), Session.id == session_id)
    if not end_with_devices(which, reason="ended", devices=of_it):
        raise NotFound
    data = {"session": str(session_id)}
    audit.record(user_id, "session_ended", client=client, actor_id=actor_id, data=data)


def end_others(user_id: UUID, session_id: UUID | None, client: Client = UNKNOWN) -> None:
    """End all sessions of a user but one; all if it is None."""
    others = [] if session_id is None else [Session.id != session_id]
    which = sa.and_(Session.user_id == user_id, Session.revoked_at.is_(None), *others)
    of_them = Device.id.in_(sa.select(Session.device_id).where(which))
    for ended in end_with_devices(which, reason="ended", devices=of_them):
        data = {"session": str(ended)}
        audit.record(user_id, "session_ended", client=client, actor_id=user_id, data=data)


def log_out_by_token(refresh_token: str) -> None:
    """End the session that a refresh token belongs to, if there is one."""
    of_token = RefreshToken.token_hash == opaque_tokens.digest(refresh_token)
    session_id = session.scalar(sa.select(RefreshToken.session_id).where(of_token))
    if session_id is not None:
        log_out(session_id)


def log_out(session_id: UUID) -> None:
    """End a session. Its tokens are refused from the next request on."""
    for user_id in end(Session.id == session_id, reason="logout", returning=Session.user_id):
        audit.record(user_id, "logged_out", actor_id=user_id)


def end_all(user_id: UUID, reason: str, *, but: UUID | None = None) -> None:
    """End all sessions of a user, but for one of them."""
    others = [] if but is None else [Session.id != but]
    end(Session.user_id == user_id, *others, reason=reason)


def ending_of_longest_unused(user_id: UUID) -> sa.Update:
    """Return the statement that makes room for a new session: it ends those above the most.

    The lock of the user's row makes the number exact.
    """
    kept = sa.select(Session.id).where(_open(user_id)).order_by(Session.last_seen_at.desc())
    surplus = kept.offset(MOST - 1).limit(MOST)
    return _ended(Session.id.in_(surplus), reason="too_many", returning=Session.id)


def end(
    *which: sa.ColumnElement[bool],
    reason: str,
    returning: sa.orm.InstrumentedAttribute[UUID] = Session.id,
) -> list[UUID]:
    """End sessions, and return a column of each: by default its id."""
    return list(session.scalars(_ended(*which, reason=reason, returning=returning)))


def end_with_devices(
    which: sa.ColumnElement[bool], *, reason: str, devices: sa.ColumnElement[bool]
) -> list[UUID]:
    """End sessions, return their ids, and let devices be unknown: they may be stolen.

    Args:
        which: The sessions.
        reason: Why they end.
        devices: The devices. Which those of the sessions are is read before the sessions end.
    """
    forgotten = known_devices.revocation(devices)
    ended = _ended(which, reason=reason, returning=Session.id)
    return list(session.scalars(with_changes(ended, forgotten)))


def ending_of_all(user_id: UUID, reason: str) -> tuple[sa.Update, sa.Update]:
    """Return the statements that let all devices of a user be unknown, and end its sessions."""
    forgotten = known_devices.revocation(Device.user_id == user_id)
    ended = _ended(Session.user_id == user_id, reason=reason, returning=Session.id)
    return forgotten, ended


def _ended(
    *which: sa.ColumnElement[bool],
    reason: str,
    returning: sa.orm.InstrumentedAttribute[UUID],
) -> ReturningUpdate[UUID]:
    return (
        sa.update(Session)
        .where(*which, Session.revoked_at.is_(None))
        .values(revoked_at=utc_now(), revoke_reason=reason)
        .returning(returning)
        .execution_options(synchronize_session=False)
    )


def _open(user_id: UUID) -> sa.ColumnElement[bool]:
    now = utc_now()
    return sa.and_(
        Session.user_id == user_id,
        Session.revoked_at.is_(None),
        Session.expires_at > now,
        Session.idle_expires_at > now,
    )
