"""Log in: a session begins."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_kit.db import new_id, session, utc_now
from mercato_kit.later import later
from mercato_users import key_ring, one_time_tokens, opaque_tokens, topics
from mercato_users.access_tokens import Claims
from mercato_users.changes import with_changes
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import InvalidCredentials, TokenExpired
from mercato_users.models import Role, Session, User, UserRole
from mercato_users.services import (
    audit,
    known_devices,
    lifetimes,
    open_sessions,
    refreshes,
    second_factors,
)
from mercato_users.services.known_devices import Seen
from mercato_users.services.login_attempts import Account, Attempt
from mercato_users.services.refreshes import Tokens
from mercato_users.services.second_factors import Challenged


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Tokens):
    """The first tokens of a session, its user, and the token that makes its device known."""

    user: User
    device_token: str
    mfa_enrollment_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How a session begins.

    Args:
        seen: The device, if it is known.
        device_token: What the client sent of it.
        device_name: What the owner calls it.
        acr: 1 with one factor, 2 with a second one.
        amr: The methods of authentication.
    """

    seen: Seen
    device_token: str | None
    device_name: str | None
    acr: int = 1
    amr: Sequence[str] = ("pwd",)


# Built once: that takes as long as running it.
_RECORD_LOGIN = (
    sa.update(User)
    .where(
        User.id == sa.bindparam("account"),
        User.credential_epoch == sa.bindparam("epoch"),
        User.status == "active",
    )
    .values(
        password_hash=sa.case(
            (User.password_hash == sa.bindparam("verified"), sa.bindparam("kept")),
            else_=User.password_hash,
        ),
        # With a second factor, the login is not over.
        last_login_at=sa.case(
            (User.has_factor, User.last_login_at),
            else_=sa.bindparam("now", type_=User.last_login_at.type),
        ),
        # A login is not a change of the profile.
        updated_at=User.updated_at,
    )
    .returning(User, key_ring.NEWEST)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def log_in(attempt: Attempt, client: Client = UNKNOWN) -> Login | Challenged:
    """Start a session, if the address and its password are right.

    An account with a second factor gets a challenge instead.

    A failure reveals nothing about the account, neither by its content nor by its timing. Failures
    are counted after the password was verified, so that the counters are locked only briefly. The
    result is decided under that lock, so that concurrent attempts cannot exceed the limits.

    Raises:
        InvalidCredentials: Address or password is wrong, or the account is not active and verified.
        TooManyLogins: Meanwhile too many logins have failed.
        SecondFactorUnavailable: No composed feature can verify the second factor of the account.
    """
    account, sent = attempt.account, attempt.sent
    if account is not None and attempt.is_right:
        attempt.count(failures=0)
        if recorded := _record_login(account, attempt.renewed):
            user, newest_key = recorded
            if user.has_factor:
                return second_factors.challenge_login(user, sent)
            if sent.mailed_pass is not None and account.has_pass:
                with suppress(TokenExpired):
                    one_time_tokens.use(sent.mailed_pass, one_time_tokens.LOGIN)
            seen = Seen(account.device_id, account.device_used_at, account.devices)
            beginning = Beginning(
                seen=seen, device_token=sent.device_token, device_name=sent.device_name
            )
            return start(user, newest_key, beginning, client)
    user_id = account.id if account else None
    if attempt.count(failures=1):
        topics.publish_throttled(user_id)
    raise InvalidCredentials(facts={"user_id": user_id})


def _record_login(account: Account, renewed: str | None) -> tuple[User, str | None] | None:
    """Update the time of the last login, and the hash if *renewed* is a new one.

    The row stays locked until the commit, so that a concurrent end of all sessions includes the
    new one.

    Returns:
        The user, and the newest signing key; None if the password or the status has changed since
        the password was verified. A change of the password begins another epoch. A concurrent
        login may have renewed the hash, which then stays.
    """
    values = {
        "account": account.id,
        "epoch": account.credential_epoch,
        "verified": account.password_hash,
        "kept": renewed or account.password_hash,
        "now": utc_now(),
    }
    row = session.execute(_RECORD_LOGIN, values).one_or_none()
    return None if row is None else (row[0], row[1])


def _read_roles(user: User, *changes: sa.Update) -> bool:
    """Read the roles of a user whose row is locked, and return whether one makes it staff.

    Changes of other tables are sent with the same statement.
    A grant locks the row, too, so that it shortens the new session or is seen here.
    """
    roles = (
        sa.select(Role, lifetimes.HOLDS)
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == user.id)
        .order_by(Role.name)
    )
    rows = session.execute(with_changes(roles, *changes)).all()
    set_committed_value(user, "roles", [role for role, _ in rows])
    return any(holds for _, holds in rows)


def start(user: User, newest_key: str | None, beginning: Beginning, client: Client) -> Login:
    """Start a session of a user whose row is locked.

    Args:
        user: The user.
        newest_key: The newest signing key.
        beginning: How the session begins.
        client: Where.
    """
    now, token, session_id = utc_now(), opaque_tokens.new_token(), new_id()
    device_id, device_token = known_devices.recognize(
        user, beginning.seen, beginning.device_token, client
    )
    is_staff = _read_roles(user, open_sessions.ending_of_longest_unused(user.id))
    ends = lifetimes.until(now, is_staff=is_staff)
    login = {
        "id": session_id,
        "user_id": user.id,
        "created_at": now,
        "last_seen_at": now,
        "expires_at": ends.latest,
        "idle_expires_at": ends.idle,
        "auth_time": now,
        "user_agent": client.stored_agent,
        "device_id": device_id,
        "device_name": beginning.device_name,
        "ip_prefix": client.prefix,
        "acr": beginning.acr,
        "amr": list(beginning.amr),
    }
    later(Session, [login])
    refreshes.append(session_id, token, 0, now)
    topics.publish_login(user.id, session_id)
    audit.record(user.id, "logged_in", client=client, actor_id=user.id, session_id=session_id)
    issued = refreshes.access_token(Claims(user.id, session_id, user.token_epoch), newest_key)
    return Login(
        access_token=issued.access_token,
        expires_in=issued.expires_in,
        refresh_token=token,
        user=user,
        device_token=device_token,
        mfa_enrollment_required=second_factors.must_enroll(user, is_staff=is_staff),
    )
