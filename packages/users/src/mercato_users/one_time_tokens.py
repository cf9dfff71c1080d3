"""One-time tokens of mailed links: valid once and for a limited time."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import insert, session, utc_now
from mercato_kit.settings import current_settings
from mercato_users import opaque_tokens
from mercato_users.errors import TokenExpired
from mercato_users.models import OneTimeToken
from mercato_users.settings import UsersSettings

VERIFY_EMAIL = "verify_email"
RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password


def store(user_id: UUID, purpose: str, nonce: UUID, data: dict[str, Any]) -> str:
    """Store the token of *nonce* if it is not stored yet, and return it.

    Args:
        user_id: The user of the token.
        purpose: What the token is for.
        nonce: The value from which the token is derived.
        data: Values applied to the account when the token is used.
    """
    token = opaque_tokens.one_time_token(purpose, nonce)
    session.execute(
        insert(OneTimeToken)
        .values(
            token_hash=opaque_tokens.digest(token),
            user_id=user_id,
            purpose=purpose,
            data=data,
            expires_at=utc_now() + _lifetime(purpose),
        )
        .on_conflict_do_nothing()
    )
    return token


def owner(token: str, purpose: str) -> UUID:
    """Return the id of the user of a token, without using it: a cheap check before the work.

    Raises:
        TokenExpired: It is unknown, used or expired.
    """
    user_id = session.scalar(sa.select(OneTimeToken.user_id).where(_is_usable(token, purpose)))
    if user_id is None:
        raise TokenExpired
    return user_id


def use(token: str, purpose: str) -> tuple[UUID, dict[str, Any]]:
    """Use a token. If two callers use the same token, only one succeeds.

    Returns:
        The user's id, and the values to apply to the account.

    Raises:
        TokenExpired: It is unknown, used or expired.
    """
    used = session.execute(
        sa.update(OneTimeToken)
        .where(_is_usable(token, purpose))
        .values(used_at=utc_now())
        .returning(OneTimeToken.user_id, OneTimeToken.data)
    ).one_or_none()
    if used is None:
        raise TokenExpired
    return used.user_id, used.data


def use_up_all(user_id: UUID, purpose: str) -> None:
    """Invalidate all unused tokens of a user for a purpose."""
    session.execute(
        sa.update(OneTimeToken)
        .where(
            OneTimeToken.user_id == user_id,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
        )
        .values(used_at=utc_now())
    )


def data_of(token: str) -> dict[str, Any]:
    """Return the data of a stored token."""
    kept = OneTimeToken.token_hash == opaque_tokens.digest(token)
    return dict(session.scalars(sa.select(OneTimeToken.data).where(kept)).one())


def newest_data(user_id: UUID, purpose: str) -> dict[str, Any]:
    """Return the data of a user's newest token for a purpose; empty if there is none."""
    data = session.scalar(
        sa.select(OneTimeToken.data)
        .where(OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose)
        .order_by(OneTimeToken.expires_at.desc(), OneTimeToken.token_hash)
        .limit(1)
    )
    return dict(data or {})


def _is_usable(token: str, purpose: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        OneTimeToken.token_hash == opaque_tokens.digest(token),
        OneTimeToken.purpose == purpose,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > utc_now(),
    )


def _lifetime(purpose: str) -> timedelta:
    settings = current_settings(UsersSettings)
    if purpose == VERIFY_EMAIL:
        return timedelta(hours=settings.verification_hours)
    return timedelta(minutes=settings.reset_minutes)
