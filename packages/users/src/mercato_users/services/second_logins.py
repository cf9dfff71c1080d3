"""Log in with a second factor, after the password."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

import sqlalchemy as sa

from mercato_kit import limits
from mercato_kit.db import session, utc_now
from mercato_kit.errors import TooManyRequests
from mercato_kit.limits import Take
from mercato_kit.reads import Read
from mercato_users import counters, key_ring, one_time_tokens, opaque_tokens, topics
from mercato_users.changes import with_changes
from mercato_users.clients import UNKNOWN, Client
from mercato_users.counters import Counter, Sums, tables
from mercato_users.errors import ChallengeExpired, InvalidCode
from mercato_users.models import Device, LoginAttempt, User
from mercato_users.services import challenges, known_devices, login_limits, second_factors, sessions
from mercato_users.services.challenges import Tried
from mercato_users.services.factor_changes import together
from mercato_users.services.known_devices import Seen
from mercato_users.services.sessions import Beginning, Login
from mercato_users.values import Answer

_HOUR = 3600
_FAILURES_UNTIL_NOTICE = 5

_SEEN_COLUMNS = (Device.id, Device.used_at, known_devices.NUMBER)
_READ = Read(
    sa.select(*_SEEN_COLUMNS, *tables.COLUMNS)
    .select_from(User)
    .outerjoin(Device, known_devices.is_known(sa.bindparam("device", type_=sa.String)))
    .outerjoin(LoginAttempt, tables.COUNT)
    .where(User.id == sa.bindparam("user_id"))
)
"""The known device of a login, and what was counted, in one SELECT."""


class _Limits(NamedTuple):
    """The device of a login, what a failure is counted on, and what was counted before."""

    seen: Seen
    counted: Sequence[Counter]
    sums: Sums


def complete_login(sent: Answer, client: Client = UNKNOWN) -> Login:
    """Start a session with two factors, if the answer to the challenge of a login is right.

    The challenge is for the account whose password was right. It is answered five times at most,
    and the failures of an account are limited as well, those on a known device on their own.

    Raises:
        ChallengeExpired: The challenge is not open, or was answered five times.
        InvalidCode: The answer is wrong.
        TooManyRequests: Too many answers were wrong.
    """
    tried = challenges.count_try(sent.challenge, challenges.LOGIN)
    limit = _read(tried.user_id, sent.device_token)
    proof = second_factors.verify(tried.user_id, sent, client)
    spent = counters.spend(
        limit.counted,
        failures=0 if proof else 1,
        sums=limit.sums,
        # The same one when the unit of work runs again.
        attempt=uuid5(tried.user_id, f"{sent.challenge} {tried.tries}"),
    )
    if spent.wait:
        raise TooManyRequests(retry_after_seconds=spent.wait)
    if proof is None:
        _warn_owner(tried.user_id)
        if login_limits.FACTOR in spent.full:
            topics.publish_throttled(tried.user_id)
        raise InvalidCode(facts={"user_id": tried.user_id})
    user, newest_key = _record_login(tried, challenges.use_of(sent.challenge, challenges.LOGIN))
    if tried.data["pass"] is not None:
        one_time_tokens.use_pass(tried.data["pass"])
    beginning = Beginning(
        seen=limit.seen,
        device_token=sent.device_token,
        device_name=tried.data["device_name"],
        acr=2,
        amr=together(["pwd"], proof.amr, ["mfa"]),
    )
    return sessions.start(user, newest_key, beginning, client)


def _read(user_id: UUID, device_token: str | None) -> _Limits:
    """Read the device, and the counters: those of a known device, unless they are full."""
    now, device = utc_now(), opaque_tokens.digest(device_token or "")
    own, of_account = login_limits.of_factor_on(device), login_limits.of_factor(user_id)
    parameters = counters.parameters([*own, *of_account], now)
    rows = _READ.rows(user_id=user_id, device=device, now=now, **parameters)
    number = len(_SEEN_COLUMNS)
    seen = Seen(*rows[0][:number])
    sums = Sums.of((row[number:] for row in rows if row[number] is not None), now)
    is_known = seen.device_id is not None and not counters.wait(own, sums)
    return _Limits(seen, own if is_known else of_account, sums)


def _record_login(tried: Tried, using: sa.Update) -> tuple[User, str | None]:
    """Record the time of the login, which locks the row of the user, and use up the challenge.

    The challenge has been locked since the try was counted, so that it is open here for one login.

    Returns:
        The user, and the newest signing key.

    Raises:
        ChallengeExpired: The credentials or the status have changed meanwhile.
    """
    update = (
        sa.update(User)
        .where(
            User.id == tried.user_id,
            User.credential_epoch == tried.epoch,
            User.status == "active",
        )
        # A login is not a change of the profile.
        .values(last_login_at=utc_now(), updated_at=User.updated_at)
        .returning(User, key_ring.NEWEST)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    recorded = session.execute(with_changes(update, using)).one_or_none()
    if recorded is None:
        raise ChallengeExpired
    return recorded[0], recorded[1]


def _warn_owner(user_id: UUID) -> None:
    """Mail the owner at the fifth failure, once a day."""
    account = str(user_id)
    failed = Take("factor.failed", account, _FAILURES_UNTIL_NOTICE - 1, 6 * _HOUR)
    if limits.take(failed)[failed]:
        mailed = Take("factor.mailed", account, 1, 24 * _HOUR)
        if not limits.take(mailed)[mailed]:
            topics.request_mail(topics.FACTOR_GUESSED, user_id)
