"""Challenges: what a user answers with a second factor.

A challenge belongs to one account and, after the login, to one session. It is answered five times
at most within five minutes, and a change of the credentials voids it.
"""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_users import opaque_tokens
from mercato_users.errors import ChallengeExpired
from mercato_users.models import Challenge, User

LOGIN = "login"
ENROLL = "enroll"
STEP_UP = "step_up"

LIFETIME = timedelta(minutes=5)
TRIES = 5


class Tried(NamedTuple):
    """A challenge that is being answered; its row is locked.

    Args:
        user_id: The user that it was made for.
        epoch: The credential epoch of the user.
        tries: How often it was answered, this time included.
        data: What was given to :func:`begin`.
    """

    user_id: UUID
    epoch: int
    tries: int
    data: dict[str, Any]


def begin(
    user_id: UUID,
    purpose: str,
    *,
    epoch: int | None = None,
    session_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> str:
    """Store a new challenge, and return it.

    Args:
        user_id: The user that answers it.
        purpose: What it is for.
        epoch: The credential epoch that it belongs to; the current one by default.
        session_id: The session that asks; None for a login.
        data: What is needed when it is answered.
    """
    token = opaque_tokens.new_token()
    current = sa.select(User.credential_epoch).where(User.id == user_id).scalar_subquery()
    session.execute(
        sa.insert(Challenge).values(
            token_hash=opaque_tokens.digest(token),
            user_id=user_id,
            purpose=purpose,
            session_id=session_id,
            epoch=current if epoch is None else epoch,
            tries=0,
            data=data or {},
            expires_at=utc_now() + LIFETIME,
        )
    )
    return token


def count_try(token: str, purpose: str, *, session_id: UUID | None = None) -> Tried:
    """Count an answer to a challenge, and return what it is for.

    Raises:
        ChallengeExpired: It is unknown, used, void or expired, of another session, or was answered
            five times.
    """
    tried = session.execute(
        sa.update(Challenge)
        .where(_is_open(token, purpose, session_id), Challenge.tries < TRIES)
        .values(tries=Challenge.tries + 1)
        .returning(Challenge.user_id, Challenge.epoch, Challenge.tries, Challenge.data)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if tried is None:
        raise ChallengeExpired
    return Tried(*tried)


def use(token: str, purpose: str, *, session_id: UUID | None = None) -> UUID | None:
    """Use up a challenge, and return its user; None if it is not open."""
    using = use_of(token, purpose, session_id=session_id)
    return session.scalar(using.returning(Challenge.user_id))


def use_of(token: str, purpose: str, *, session_id: UUID | None = None) -> sa.Update:
    """Return the statement that uses up a challenge, if it is open."""
    return (
        sa.update(Challenge)
        .where(_is_open(token, purpose, session_id))
        .values(used_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def _is_open(token: str, purpose: str, session_id: UUID | None) -> sa.ColumnElement[bool]:
    current = sa.select(User.credential_epoch).where(
        User.id == Challenge.user_id, User.status == "active"
    )
    return sa.and_(
        Challenge.token_hash == opaque_tokens.digest(token),
        Challenge.purpose == purpose,
        Challenge.session_id.is_not_distinct_from(session_id),
        Challenge.epoch == current.correlate(Challenge).scalar_subquery(),
        Challenge.used_at.is_(None),
        Challenge.expires_at > utc_now(),
    )
