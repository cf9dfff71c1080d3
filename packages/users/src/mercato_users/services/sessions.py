"""Log in: a session begins."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from mercato_kit import work
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.later import later
from mercato_kit.prepared import Prepared
from mercato_users import attempts, key_ring, one_time_tokens, opaque_tokens, passwords, topics
from mercato_users.access_tokens import Claims
from mercato_users.attempts import Counter, spend
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import InvalidCredentials, TokenExpired, TooManyLogins
from mercato_users.models import Device, Role, Session, User, UserRole
from mercato_users.services import audit, known_devices, lifetimes, open_sessions, refreshes
from mercato_users.services.refreshes import Tokens
from mercato_users.values import Credentials

FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ACCOUNT_A_DAY = 100
FAILURES_PER_ADDRESS = 100
FAILURES_IN_ALL = 1000
FAILURES_PER_DEVICE = 10
FAILURES_PER_DEVICE_A_DAY = 50
FAILURES_PER_PASS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Tokens):
    """The first tokens of a session, its user, and the token that makes its device known."""

    user: User
    device_token: str


@dataclass(frozen=True, slots=True)
class _Account:
    """What is read of an account before its password is verified."""

    id: UUID
    password_hash: str | None
    credential_epoch: int
    status: str
    email_verified_at: datetime | None
    device_id: UUID | None
    device_used_at: datetime | None
    devices: int
    has_pass: bool

    @property
    def may_log_in(self) -> bool:
        return self.status == "active" and self.email_verified_at is not None


_COLUMNS = ("id", "password_hash", "credential_epoch", "status", "email_verified_at")
_ACCOUNT = Prepared(
    lambda _: (
        sa.select(
            *(getattr(User, name) for name in _COLUMNS),
            Device.id.label("device_id"),
            Device.used_at.label("device_used_at"),
            known_devices.NUMBER.label("devices"),
            one_time_tokens.is_pass(sa.bindparam("pass", type_=sa.String)).label("has_pass"),
        )
        .outerjoin(Device, known_devices.is_known(sa.bindparam("device", type_=sa.String)))
        .where(User.email_canonical == sa.bindparam("email"))
    )
)
"""An account, the known device and the pass of a login, in one SELECT."""


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
    .returning(User, key_ring.NEWEST)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def log_in(sent: Credentials, client: Client = UNKNOWN) -> Login:
    """Start a session with an address and its password.

    A failure reveals nothing about the account, neither by its content nor by its timing. The
    password is verified before the transaction begins, and failures are counted after it, so that
    the counters are locked only briefly. The result is decided under that lock, so that concurrent
    attempts cannot exceed the limits.

    A known device, and a pass that was mailed to the owner, have attempts of their own: strangers
    who use up those of the account do not lock its owner out.

    Raises:
        InvalidCredentials: Address or password is wrong, or the account is not active and verified.
        TooManyLogins: Too many failures, by account, by address or in total; or on the device.
    """
    account, counters = work.read_first(lambda: _prepare(sent, client))
    kept = account.password_hash if account else None
    right = passwords.verify(kept, sent.password)
    if right and account and kept and account.may_log_in:
        renewed = passwords.renewed(kept, sent.password)
        _count(counters, attempts=0)
        if recorded := _record_login(account, renewed):
            if sent.mailed_pass is not None and account.has_pass:
                with suppress(TokenExpired):
                    one_time_tokens.use(sent.mailed_pass, one_time_tokens.LOGIN)
            user, newest_key = recorded
            return _start(user, newest_key, account, sent, client)
    _count(counters, attempts=1)
    raise InvalidCredentials(facts={"user_id": account.id if account else None})


def _prepare(sent: Credentials, client: Client) -> tuple[_Account | None, list[Counter]]:
    """Return the account of an address, and the counters of a failure.

    Raises:
        TooManyLogins: A limit is reached.
    """
    of_pass = opaque_tokens.digest(sent.mailed_pass or "")
    values = {
        "email": canonical_email(sent.email),
        "device": opaque_tokens.digest(sent.device_token or ""),
        "pass": of_pass,
        "now": utc_now(),
    }
    rows = _ACCOUNT.rows(session.connection(), values)
    account = _Account(**rows[0]) if rows else None
    if account is not None:
        for own in _own_counters(account, of_pass):
            if not attempts.wait_seconds(own):
                return account, own
    counters = _counters_of_strangers(sent.email, client)
    if wait := attempts.wait_seconds(counters):
        raise TooManyLogins(retry_after_seconds=wait)
    return account, counters


def _own_counters(account: _Account, digest: str) -> list[list[Counter]]:
    """Return the counters of the known device and of the pass; one that is full is a stranger."""
    found = []
    if account.has_pass:
        found.append([Counter("login.pass", digest, FAILURES_PER_PASS, attempts.DAY)])
    if account.device_id is not None:
        device = str(account.device_id)
        found.append(
            [
                Counter("login.device", device, FAILURES_PER_DEVICE),
                Counter("login.device.day", device, FAILURES_PER_DEVICE_A_DAY, attempts.DAY),
            ]
        )
    return found


def _counters_of_strangers(email: str, client: Client) -> list[Counter]:
    canonical = canonical_email(email)
    return [
        Counter("login.account", canonical, FAILURES_PER_ACCOUNT),
        Counter("login.account.day", canonical, FAILURES_PER_ACCOUNT_A_DAY, attempts.DAY),
        Counter("login.address", client.counted_as, FAILURES_PER_ADDRESS),
        Counter("login.all", "", FAILURES_IN_ALL),
    ]


def _count(counters: list[Counter], *, attempts: int) -> None:
    if wait := spend(counters, attempts=attempts):
        raise TooManyLogins(retry_after_seconds=wait)


def _record_login(account: _Account, renewed: str | None) -> tuple[User, str | None] | None:
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


def _device(user: User, account: _Account, sent: Credentials, client: Client) -> tuple[UUID, str]:
    """Return id and token of the device of a login; it becomes a known one if it is not."""
    if account.device_id is None or sent.device_token is None:
        return known_devices.remember(user, client, known=account.devices)
    known_devices.use(account.device_id, account.device_used_at)
    return account.device_id, sent.device_token


def _start(
    user: User, newest_key: str | None, account: _Account, sent: Credentials, client: Client
) -> Login:
    now, token, session_id = utc_now(), opaque_tokens.new_token(), new_id()
    device_id, device_token = _device(user, account, sent, client)
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
        "user_agent": client.stored_agent,
        "device_id": device_id,
        "device_name": sent.device_name,
        "ip_prefix": client.prefix,
        "amr": ["pwd"],
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
    )
