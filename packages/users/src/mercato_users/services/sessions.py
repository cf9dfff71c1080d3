"""Log in, refresh tokens, log out."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import locked, new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.errors import TooManyRequests, Unauthenticated
from mercato_kit.later import later
from mercato_kit.prepared import Prepared
from mercato_kit.settings import current_settings
from mercato_users import access_tokens, attempts, opaque_tokens, passwords, topics
from mercato_users.access_tokens import Claims
from mercato_users.attempts import Counter
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import InvalidCredentials, RefreshTokenReused
from mercato_users.models import RefreshToken, Session, User
from mercato_users.services import audit
from mercato_users.settings import UsersSettings

FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 100
FAILURES_IN_ALL = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The tokens of a session.

    Args:
        access_token: Bearer token for each request.
        expires_in: Seconds until the access token expires.
        refresh_token: Single-use token for the next tokens.
    """

    access_token: str
    expires_in: int
    refresh_token: str
    token_type: str = "Bearer"  # noqa: S105 - a token type of RFC 6749


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Tokens):
    """The first tokens of a session, and its user."""

    user: User


@dataclass(frozen=True, slots=True)
class _Account:
    """What is read of an account before its password is verified."""

    id: UUID
    password_hash: str | None
    token_epoch: int
    status: str
    email_verified_at: datetime | None

    @property
    def may_log_in(self) -> bool:
        return self.status == "active" and self.email_verified_at is not None


_ACCOUNT = Prepared(
    lambda _: sa.select(*(getattr(User, field.name) for field in fields(_Account))).where(
        User.email_canonical == sa.bindparam("email")
    )
)


# Built once: that takes as long as running it.
_RECORD_LOGIN = (
    sa.update(User)
    .where(
        User.id == sa.bindparam("account"),
        User.token_epoch == sa.bindparam("epoch"),
        User.status == "active",
    )
    .values(
        password_hash=sa.case(
            (User.password_hash == sa.bindparam("verified"), sa.bindparam("kept")),
            else_=User.password_hash,
        ),
        last_login_at=sa.bindparam("now"),
        # A login is not a change of the profile.
        updated_at=User.updated_at,
    )
    .returning(User)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def log_in(email: str, password: str, client: Client = UNKNOWN) -> Login:
    """Start a session with *email* and *password*.

    A failure reveals nothing about the account, neither by its content nor by its timing. The
    password is verified before the transaction begins, and failures are counted after it, so that
    the counters are locked only briefly. The result is decided under that lock, so that concurrent
    attempts cannot exceed the limits.

    Raises:
        InvalidCredentials: Address or password is wrong, or the account is not active and verified.
        TooManyRequests: Too many failures within five minutes, by account, by address or in total.
    """
    counters = _failure_counters(email, client)
    account = work.read_first(lambda: _account(email, counters))
    kept = account.password_hash if account else None
    right = passwords.verify(kept, password)
    if right and account and kept and account.may_log_in:
        renewed = passwords.renewed(kept, password)
        attempts.count(counters, attempts.MINUTES, attempts=0)
        if user := _record_login(account, renewed):
            tokens = _start(user, client)
            audit.record(user.id, "logged_in", client=client)
            return tokens
    attempts.count(counters, attempts.MINUTES)
    raise InvalidCredentials(facts={"user_id": account.id if account else None})


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
    login = session.scalar(locked(sa.select(Session).join(RefreshToken).where(of_token)))
    if login is None:
        raise Unauthenticated(invalid_token=True)
    link = session.scalars(sa.select(RefreshToken).where(of_token)).one()
    user = session.get_one(User, login.user_id)
    now = utc_now()
    if login.revoked_at is not None or login.expires_at <= now or user.status != "active":
        raise Unauthenticated(invalid_token=True)
    if _claim(link, now):
        _append(login.id, opaque_tokens.successor(token), link.generation + 1, now)
        login.last_seen_at = now
    elif not _may_repeat(link, opaque_tokens.successor(token), now):
        _revoke(Session.id == login.id, "refresh_token_reused")
        audit.record(user.id, "refresh_token_reused", client=client)
        raise RefreshTokenReused
    return Tokens(
        access_token=_access_token(user, login.id),
        expires_in=current_settings(UsersSettings).access_token_seconds,
        refresh_token=opaque_tokens.successor(token),
    )


def log_out(session_id: UUID) -> None:
    """End a session. Its tokens are refused from the next request on."""
    _revoke(Session.id == session_id, "logout")


def end_all(user_id: UUID, reason: str) -> None:
    """End all sessions of a user."""
    _revoke(Session.user_id == user_id, reason)


def _failure_counters(email: str, client: Client) -> list[Counter]:
    return [
        Counter("login.account", canonical_email(email), FAILURES_PER_ACCOUNT),
        Counter("login.address", client.counted_as, FAILURES_PER_ADDRESS),
        Counter("login.all", "", FAILURES_IN_ALL),
    ]


def _account(email: str, counters: list[Counter]) -> _Account | None:
    """Return the account of an address.

    Raises:
        TooManyRequests: A limit is reached.
    """
    if wait := attempts.wait_seconds(counters, attempts.MINUTES):
        raise TooManyRequests(retry_after_seconds=wait)
    rows = _ACCOUNT.rows(session.connection(), {"email": canonical_email(email)})
    return _Account(**rows[0]) if rows else None


def _record_login(account: _Account, renewed: str | None) -> User | None:
    """Update the time of the last login, and the hash if *renewed* is a new one.

    The row stays locked until the commit, so that a concurrent end of all sessions includes the
    new one.

    Returns:
        The user; None if the password or the status has changed since the password was verified.
        A change of the password begins another epoch. A concurrent login may have renewed the
        hash, which then stays.
    """
    values = {
        "account": account.id,
        "epoch": account.token_epoch,
        "verified": account.password_hash,
        "kept": renewed or account.password_hash,
        "now": utc_now(),
    }
    return session.scalar(_RECORD_LOGIN, values)


def _start(user: User, client: Client) -> Login:
    settings, now, token = current_settings(UsersSettings), utc_now(), opaque_tokens.new_token()
    session_id = new_id()
    login = {
        "id": session_id,
        "user_id": user.id,
        "created_at": now,
        "last_seen_at": now,
        "expires_at": now + timedelta(days=settings.session_days),
        "user_agent": (client.user_agent or "")[:200] or None,
        "ip_prefix": client.prefix,
        "amr": ["pwd"],
    }
    later(Session, [login])
    _append(session_id, token, 0, now)
    topics.publish_login(user.id, session_id)
    return Login(
        access_token=_access_token(user, session_id),
        expires_in=settings.access_token_seconds,
        refresh_token=token,
        user=user,
    )


def _claim(link: RefreshToken, now: datetime) -> bool:
    """Mark a token as used. If two callers use the same token, only one succeeds."""
    claimed = session.scalar(
        sa.update(RefreshToken)
        .where(RefreshToken.token_hash == link.token_hash, RefreshToken.used_at.is_(None))
        .values(used_at=now)
        .returning(RefreshToken.token_hash)
    )
    return claimed is not None


def _append(session_id: UUID, token: str, generation: int, now: datetime) -> None:
    link = {
        "token_hash": opaque_tokens.digest(token),
        "session_id": session_id,
        "generation": generation,
        "issued_at": now,
    }
    later(RefreshToken, [link])


def _may_repeat(link: RefreshToken, successor: str, now: datetime) -> bool:
    grace = timedelta(seconds=current_settings(UsersSettings).refresh_grace_seconds)
    if link.used_at is None or now > link.used_at + grace:
        return False
    unused = sa.select(RefreshToken.token_hash).where(
        RefreshToken.token_hash == opaque_tokens.digest(successor), RefreshToken.used_at.is_(None)
    )
    return session.scalar(unused) is not None


def _revoke(which: sa.ColumnElement[bool], reason: str) -> None:
    session.execute(
        sa.update(Session)
        .where(which, Session.revoked_at.is_(None))
        .values(revoked_at=utc_now(), revoke_reason=reason)
    )


def _access_token(user: User, session_id: UUID) -> str:
    return access_tokens.issue(Claims(user.id, session_id, user.token_epoch))
