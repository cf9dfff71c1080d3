"""Log in: a session begins."""

from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_kit import work
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.errors import TooManyRequests
from mercato_kit.later import later
from mercato_kit.prepared import Prepared
from mercato_users import attempts, opaque_tokens, passwords, topics
from mercato_users.attempts import Counter
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import InvalidCredentials
from mercato_users.models import Role, Session, User, UserRole
from mercato_users.services import audit, lifetimes, open_sessions, refreshes
from mercato_users.services.refreshes import Tokens

FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 100
FAILURES_IN_ALL = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Tokens):
    """The first tokens of a session, and its user."""

    user: User


@dataclass(frozen=True, slots=True)
class _Account:
    """What is read of an account before its password is verified."""

    id: UUID
    password_hash: str | None
    credential_epoch: int
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
        User.credential_epoch == sa.bindparam("epoch"),
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


def log_in(
    email: str, password: str, client: Client = UNKNOWN, *, device_name: str | None = None
) -> Login:
    """Start a session with *email* and *password*, on a device of a name.

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
            return _start(user, client, device_name)
    attempts.count(counters, attempts.MINUTES)
    raise InvalidCredentials(facts={"user_id": account.id if account else None})


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
        "epoch": account.credential_epoch,
        "verified": account.password_hash,
        "kept": renewed or account.password_hash,
        "now": utc_now(),
    }
    return session.scalar(_RECORD_LOGIN, values)


def _read_roles(user: User) -> bool:
    """Read the roles of a user whose row is locked, and return whether one makes it staff.

    A grant locks the row, too, so that it shortens the new session or is seen here.
    """
    rows = session.execute(
        sa.select(Role, lifetimes.HOLDS)
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == user.id)
        .order_by(Role.name)
    ).all()
    set_committed_value(user, "roles", [role for role, _ in rows])
    return any(holds for _, holds in rows)


def _start(user: User, client: Client, device_name: str | None) -> Login:
    now, token, session_id = utc_now(), opaque_tokens.new_token(), new_id()
    ends = lifetimes.until(now, is_staff=_read_roles(user))
    open_sessions.end_longest_unused(user.id)
    login = {
        "id": session_id,
        "user_id": user.id,
        "created_at": now,
        "last_seen_at": now,
        "expires_at": ends.latest,
        "idle_expires_at": ends.idle,
        "auth_time": now,
        "user_agent": (client.user_agent or "")[:200] or None,
        "device_name": device_name,
        "ip_prefix": client.prefix,
        "amr": ["pwd"],
    }
    later(Session, [login])
    refreshes.append(session_id, token, 0, now)
    topics.publish_login(user.id, session_id)
    audit.record(user.id, "logged_in", client=client, actor_id=user.id, session_id=session_id)
    issued = refreshes.access_token(user.id, session_id, user.token_epoch)
    return Login(
        access_token=issued.access_token,
        expires_in=issued.expires_in,
        refresh_token=token,
        user=user,
    )
