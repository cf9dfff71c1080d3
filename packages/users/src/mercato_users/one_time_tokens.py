"""One-time tokens of mailed links: valid once and for a limited time."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import insert, session, utc_now
from mercato_kit.later import later
from mercato_kit.settings import current_settings
from mercato_users import opaque_tokens
from mercato_users.errors import TokenExpired
from mercato_users.models import OneTimeToken, User
from mercato_users.settings import UsersSettings

VERIFY_EMAIL = "verify_email"
RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password
CHANGE_EMAIL = "change_email"
UNDO_EMAIL = "undo_email"
LOGIN = "login"
CANCEL_ERASURE = "cancel_erasure"

PASS = timedelta(minutes=10)
"""How long a login with a mailed pass is possible."""

UNDO = timedelta(days=7)
"""How long a change of the address can be undone."""


class Used(NamedTuple):
    """A token that was used.

    Args:
        user_id: The user of the token.
        epoch: The credential epoch that it belongs to. The statement that changes the account
            requires it, because another change may have begun the next one meanwhile.
        data: Values to apply to the account.
        expires_at: When it would have expired.
        email: The address of the user.
    """

    user_id: UUID
    epoch: int
    data: dict[str, Any]
    expires_at: datetime
    email: str


def store(
    user_id: UUID,
    purpose: str,
    nonce: UUID,
    data: dict[str, Any],
    *,
    expires_at: datetime | None = None,
) -> str:
    """Store the token of *nonce* if it is not stored yet, and return it.

    A change of the user's credentials voids it, unless it undoes such a change.

    Args:
        user_id: The user of the token.
        purpose: What the token is for.
        nonce: The value from which the token is derived.
        data: Values applied to the account when the token is used.
        expires_at: When it expires; by default when those for this purpose do.
    """
    token = issued(purpose, nonce)
    session.execute(
        insert(OneTimeToken)
        .values(
            token_hash=opaque_tokens.digest(token),
            user_id=user_id,
            purpose=purpose,
            epoch=sa.select(User.credential_epoch).where(User.id == user_id).scalar_subquery(),
            data=data,
            expires_at=expires_at or utc_now() + _lifetime(purpose),
        )
        .on_conflict_do_nothing()
    )
    return token


def store_new(
    user_id: UUID, purpose: str, nonce: UUID, data: dict[str, Any], *, epoch: int
) -> None:
    """Store the token of a *nonce* that was just made, at the end of the unit of work.

    Args:
        user_id: The user of the token.
        purpose: What the token is for.
        nonce: The value from which the token is derived.
        data: Values applied to the account when the token is used.
        epoch: The credential epoch that it belongs to.
    """
    token = opaque_tokens.one_time_tokens(purpose, nonce)[0]
    row = {
        "token_hash": opaque_tokens.digest(token),
        "user_id": user_id,
        "purpose": purpose,
        "epoch": epoch,
        "data": data,
        "expires_at": utc_now() + _lifetime(purpose),
    }
    later(OneTimeToken, [row])


def issued(purpose: str, nonce: UUID) -> str:
    """Return the token of *nonce*: the one that is stored, else that of the current key."""
    current, *previous = opaque_tokens.one_time_tokens(purpose, nonce)
    if not previous:
        return current
    hashes = {opaque_tokens.digest(one): one for one in previous}
    stored = sa.select(OneTimeToken.token_hash).where(OneTimeToken.token_hash.in_(hashes))
    return hashes.get(session.scalar(stored) or "", current)


def address_of_owner(token: str, purpose: str) -> str:
    """Return the address of the user of a token, without using it: a cheap check before the work.

    Raises:
        TokenExpired: It is unknown, used, void or expired, or the account is not active.
    """
    address = session.scalar(
        sa.select(User.email)
        .join(OneTimeToken, OneTimeToken.user_id == User.id)
        .where(_is_usable(token, purpose), User.status == "active")
    )
    if address is None:
        raise TokenExpired
    return address


def use(token: str, purpose: str) -> Used:
    """Use a token. If two callers use the same token, only one succeeds.

    Raises:
        TokenExpired: It is unknown, used, void or expired.
    """
    used = session.execute(
        sa.update(OneTimeToken)
        .where(_is_usable(token, purpose))
        .values(used_at=utc_now())
        .returning(
            OneTimeToken.user_id,
            OneTimeToken.epoch,
            OneTimeToken.data,
            OneTimeToken.expires_at,
            sa.select(User.email).where(User.id == OneTimeToken.user_id).scalar_subquery(),
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if used is None:
        raise TokenExpired
    return Used(*used)


def use_pass(digest: str) -> None:
    """Use up the pass whose token has a hash, if it was not used meanwhile."""
    session.execute(
        sa.update(OneTimeToken)
        .where(
            OneTimeToken.token_hash == digest,
            OneTimeToken.purpose == LOGIN,
            OneTimeToken.used_at.is_(None),
        )
        .values(used_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def use_up_later(used: Used, purpose: str) -> None:
    """Void the tokens of a user for a purpose that were made after one that was used."""
    session.execute(
        sa.update(OneTimeToken)
        .where(
            OneTimeToken.user_id == used.user_id,
            OneTimeToken.purpose == purpose,
            OneTimeToken.expires_at >= used.expires_at,
            OneTimeToken.used_at.is_(None),
        )
        .values(used_at=utc_now())
    )


def undoable_until(user_id: UUID) -> datetime | None:
    """Return until when the last change of a user's address can be undone; None if it cannot."""
    return session.scalar(
        sa.select(sa.func.max(OneTimeToken.expires_at)).where(
            OneTimeToken.user_id == user_id,
            OneTimeToken.purpose == UNDO_EMAIL,
            OneTimeToken.used_at.is_(None),
        )
    )


def data_of(token: str) -> dict[str, Any]:
    """Return the data of a stored token; empty if it was deleted meanwhile."""
    kept = OneTimeToken.token_hash == opaque_tokens.digest(token)
    return dict(session.scalar(sa.select(OneTimeToken.data).where(kept)) or {})


def newest_data(user_id: UUID, purpose: str) -> dict[str, Any]:
    """Return the data of a user's newest token for a purpose; empty if there is none."""
    data = session.scalar(
        sa.select(OneTimeToken.data)
        .where(OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose)
        .order_by(OneTimeToken.expires_at.desc(), OneTimeToken.token_hash)
        .limit(1)
    )
    return dict(data or {})


def is_pass(digest: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """Return the condition that the hash of a token is that of a pass of a user.

    It has the parameter ``now``.
    """
    return sa.exists().where(
        OneTimeToken.token_hash == digest,
        OneTimeToken.user_id == User.id,
        OneTimeToken.purpose == LOGIN,
        OneTimeToken.epoch == User.credential_epoch,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > sa.bindparam("now", type_=OneTimeToken.expires_at.type),
    )


def _is_usable(token: str, purpose: str) -> sa.ColumnElement[bool]:
    current = sa.select(User.credential_epoch).where(User.id == OneTimeToken.user_id)
    is_current = OneTimeToken.epoch == current.correlate(OneTimeToken).scalar_subquery()
    return sa.and_(
        # A thief who changed the address changes the password next.
        sa.true() if purpose == UNDO_EMAIL else is_current,
        OneTimeToken.token_hash == opaque_tokens.digest(token),
        OneTimeToken.purpose == purpose,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > utc_now(),
    )


def _lifetime(purpose: str) -> timedelta:
    settings = current_settings(UsersSettings)
    if purpose == UNDO_EMAIL:
        return UNDO
    if purpose == LOGIN:
        return PASS
    if purpose in (VERIFY_EMAIL, CHANGE_EMAIL):
        return timedelta(hours=settings.verification_hours)
    return timedelta(minutes=settings.reset_minutes)
