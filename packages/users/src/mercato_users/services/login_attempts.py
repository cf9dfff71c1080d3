"""A login before its transaction begins: its limits are read, and its password is verified."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import new_id, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.reads import Read
from mercato_users import counters, dummies, one_time_tokens, opaque_tokens, passwords
from mercato_users.clients import UNKNOWN, Client
from mercato_users.counters import Counter, Sums, tables
from mercato_users.errors import TooManyLogins
from mercato_users.models import Device, LoginAttempt, User
from mercato_users.services import known_devices, login_limits
from mercato_users.values import Credentials


@dataclass(frozen=True, slots=True)
class Account:
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
        """Whether it is active and verified."""
        return self.status == "active" and self.email_verified_at is not None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login whose password was verified.

    Args:
        sent: What the client sent.
        account: The account of the address, if there is one.
        is_right: Whether the password is that of the account, which may log in.
        renewed: The hash to keep instead, if the account's is not as it would be made now.
        counters: What a failure is counted on.
        sums: What was counted on them before.
        id: Counted once, however often the unit of work runs.
    """

    sent: Credentials
    account: Account | None
    is_right: bool
    renewed: str | None
    counters: Sequence[Counter]
    sums: Sums
    id: UUID

    def count(self, *, failures: int) -> bool:
        """Count the failure, or none; return whether it was the last one for strangers.

        Raises:
            TooManyLogins: A limit was reached meanwhile.
        """
        spent = counters.spend(self.counters, failures=failures, sums=self.sums, attempt=self.id)
        if spent.wait:
            raise TooManyLogins(retry_after_seconds=spent.wait)
        return login_limits.ACCOUNT in spent.full


_ACCOUNT_COLUMNS = (
    User.id,
    User.password_hash,
    User.credential_epoch,
    User.status,
    User.email_verified_at,
    Device.id.label("device_id"),
    Device.used_at.label("device_used_at"),
    known_devices.NUMBER.label("devices"),
    one_time_tokens.is_pass(sa.bindparam("pass", type_=sa.String)).label("has_pass"),
)
_ONE = sa.select(sa.literal(1).label("one")).subquery("one")
_READ = Read(
    sa.select(*_ACCOUNT_COLUMNS, *tables.COLUMNS)
    .select_from(_ONE)
    .outerjoin(User, User.email_canonical == sa.bindparam("email"))
    .outerjoin(Device, known_devices.is_known(sa.bindparam("device", type_=sa.String)))
    .outerjoin(LoginAttempt, tables.COUNT)
)
"""An account with the known device and the pass of a login, and what was counted: one SELECT."""


def verify_login(sent: Credentials, client: Client = UNKNOWN) -> Attempt:
    """Verify the password of a login, in no transaction, since it takes long.

    A known device, and a pass that was mailed to the owner, have attempts of their own: strangers
    who use up those of the account do not lock its owner out. A password is verified also if there
    is no account, so that the time does not reveal it; none is while a limit is reached.

    Raises:
        TooManyLogins: Too many logins have failed: by account, by network or in all; or on the
            device.
        Unavailable: Too many passwords are being verified.
    """
    of_device = login_limits.of_device(opaque_tokens.digest(sent.device_token or ""))
    of_pass = login_limits.of_pass(opaque_tokens.digest(sent.mailed_pass or ""))
    of_strangers = login_limits.of_strangers(sent.email, client)
    account, sums = _read(sent, [*of_device, *of_pass, *of_strangers])
    own = []
    if account is not None and account.has_pass:
        own.append(of_pass)
    if account is not None and account.device_id is not None:
        own.append(of_device)
    counted_on = _first_with_room([*own, of_strangers], sums)
    kept = account.password_hash if account else None
    matches = passwords.verify(kept, sent.password, instead=dummies.draw(sent.email))
    is_right = matches and account is not None and account.may_log_in
    renewed = passwords.renewed(kept, sent.password) if kept and is_right else None
    return Attempt(sent, account, is_right, renewed, counted_on, sums, new_id())


def _read(sent: Credentials, counted: Sequence[Counter]) -> tuple[Account | None, Sums]:
    now = utc_now()
    rows = _READ.rows(
        **counters.parameters(counted, now),
        **{
            "email": canonical_email(sent.email),
            "device": opaque_tokens.digest(sent.device_token or ""),
            "pass": opaque_tokens.digest(sent.mailed_pass or ""),
            "now": now,
        },
    )
    of_account, number = rows[0][: len(_ACCOUNT_COLUMNS)], len(_ACCOUNT_COLUMNS)
    steps = (row[number:] for row in rows if row[number] is not None)
    account = None if of_account[0] is None else Account(*of_account)
    return account, Sums.of(steps, now)


def _first_with_room(choices: Sequence[Sequence[Counter]], sums: Sums) -> Sequence[Counter]:
    """Return the first counters that have room. A device that is full counts as a stranger.

    Raises:
        TooManyLogins: None of them has room.
    """
    for choice in choices:
        wait = counters.wait(choice, sums)
        if not wait:
            return choice
    raise TooManyLogins(retry_after_seconds=wait)
