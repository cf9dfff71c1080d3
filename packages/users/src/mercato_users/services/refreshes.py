"""Refresh tokens: each is exchanged once, for the next tokens of its session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import locked, session, utc_now
from mercato_kit.errors import Unauthenticated
from mercato_kit.later import later
from mercato_kit.settings import current_settings
from mercato_users import access_tokens, key_ring, opaque_tokens
from mercato_users.access_tokens import Claims
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import RefreshTokenReused
from mercato_users.models import RefreshToken, Session, User
from mercato_users.services import audit, lifetimes, open_sessions
from mercato_users.settings import UsersSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token of a session.

    Args:
        access_token: Bearer token for each request.
        expires_in: Seconds until the access token expires.
    """

    access_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - a token type of RFC 6749


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens(AccessToken):
    """The tokens of a session.

    Args:
        refresh_token: Single-use token for the next tokens.
    """

    refresh_token: str


def refresh_tokens(token: str, client: Client = UNKNOWN) -> Tokens:
    """Exchange a refresh token for the next tokens of its session.

    A client that lost the response, or sent the request twice, can repeat it for some seconds and
    gets the same tokens, so that the chain does not fork. A token that is used again later, or
    after its successor was used, may have been stolen: the session ends.

    Raises:
        Unauthenticated: The token is unknown, or its session has ended.
        RefreshTokenReused: The token was used again; the session is revoked.
    """
    # The lock of the session's row serializes rotation and revocation.
    of_token = RefreshToken.token_hash == opaque_tokens.digest(token)
    both = sa.select(Session, RefreshToken).join(RefreshToken).where(of_token)
    rows = session.execute(locked(both)).all()
    if not rows:
        raise Unauthenticated(invalid_token=True)
    [(login, link)] = rows
    now, of_user = utc_now(), _of_user(login.user_id)
    if not open_sessions.is_open(login, now):
        raise Unauthenticated(invalid_token=True)
    claimed = _claim(link, now, of_user)
    user = claimed or session.execute(sa.select(*of_user)).one()
    if user.status != "active":
        raise Unauthenticated(invalid_token=True)
    if claimed:
        successor = opaque_tokens.successors(token)[0]
        append(login.id, successor, link.generation + 1, now)
        lifetimes.extend(login, now, is_staff=user.is_staff)
    elif (repeated := _repeat(token, link, now)) is not None:
        successor = repeated
    else:
        open_sessions.end(Session.id == login.id, reason="refresh_token_reused")
        audit.record(login.user_id, "refresh_token_reused", client=client, session_id=login.id)
        raise RefreshTokenReused
    issued = access_token(Claims(login.user_id, login.id, user.token_epoch), user.newest_key)
    return Tokens(
        access_token=issued.access_token,
        expires_in=issued.expires_in,
        refresh_token=successor,
    )


def access_token(claims: Claims, newest_key: str | None) -> AccessToken:
    """Return a new access token of a session; the arguments are those of `access_tokens.issue`."""
    return AccessToken(
        access_token=access_tokens.issue(claims, newest_key),
        expires_in=current_settings(UsersSettings).access_token_seconds,
    )


def append(session_id: UUID, token: str, generation: int, now: datetime) -> None:
    """Store a refresh token as the newest of its session."""
    link = {
        "token_hash": opaque_tokens.digest(token),
        "session_id": session_id,
        "generation": generation,
        "issued_at": now,
    }
    later(RefreshToken, [link])


def _of_user(user_id: UUID) -> list[sa.Label[Any]]:
    """Return what a statement after the lock reads of a user."""
    read = {
        "status": User.status,
        "token_epoch": User.token_epoch,
        "is_staff": lifetimes.IS_STAFF,
    }
    of_user = [
        sa.select(column).where(User.id == user_id).scalar_subquery().label(name)
        for name, column in read.items()
    ]
    return [*of_user, key_ring.NEWEST.label("newest_key")]


def _claim(
    link: RefreshToken, now: datetime, of_user: Sequence[sa.Label[Any]]
) -> sa.Row[Any] | None:
    """Mark a token as used, and return its user; None if another caller has used the same token."""
    return session.execute(
        sa.update(RefreshToken)
        .where(RefreshToken.token_hash == link.token_hash, RefreshToken.used_at.is_(None))
        .values(used_at=now)
        .returning(*of_user)
        .execution_options(synchronize_session=False)
    ).one_or_none()


def _repeat(token: str, link: RefreshToken, now: datetime) -> str | None:
    """Return the successor that a token was exchanged for, if it may be returned again."""
    grace = timedelta(seconds=current_settings(UsersSettings).refresh_grace_seconds)
    if link.used_at is None or now > link.used_at + grace:
        return None
    successors = {opaque_tokens.digest(one): one for one in opaque_tokens.successors(token)}
    unused = sa.select(RefreshToken.token_hash).where(
        RefreshToken.token_hash.in_(successors), RefreshToken.used_at.is_(None)
    )
    return successors.get(session.scalar(unused) or "")
