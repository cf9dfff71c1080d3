"""The caller proves its identity again with its password."""

from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.errors import Problem, StepUpRequired, Unauthenticated
from mercato_kit.principals import Principal
from mercato_kit.reads import Read
from mercato_users import counters, key_ring, passwords
from mercato_users.access_tokens import Claims
from mercato_users.clients import UNKNOWN, Client
from mercato_users.counters import Counter, Sums, tables
from mercato_users.errors import InvalidCredentials
from mercato_users.models import LoginAttempt, Session, User
from mercato_users.services import audit, open_sessions, refreshes
from mercato_users.services.refreshes import AccessToken

T = TypeVar("T")

FAILURES = (counters.Limit(10, counters.DAY),)
"""Wrong passwords and codes after which the session ends."""

_READ = Read(
    sa.select(User.password_hash, User.credential_epoch, *tables.COLUMNS)
    .outerjoin(LoginAttempt, tables.COUNT)
    .where(User.id == sa.bindparam("user_id"))
)
"""The password of a caller, and how often it was wrong, in one SELECT."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What the caller has proved, before the transaction begins.

    Args:
        password_hash: The hash that its password matched; None if the password was wrong. The
            statement that changes the account requires that it is still the account's.
        epoch: The credential epoch of the account then.
        sums: What was counted before; None if it was not read.
    """

    password_hash: str | None
    epoch: int = 0
    sums: Sums | None = None


def verify(caller: Principal, password: str) -> Proof:
    """Verify the password of the caller, in no transaction, since it takes long.

    Raises:
        StepUpRequired: The caller has a second factor, and this session was begun without it.
    """
    if caller.factor and caller.acr < 2:
        raise StepUpRequired(acr=2)
    _, session_id = ids(caller)
    now = utc_now()
    parameters = counters.parameters(_counted(session_id), now)
    rows = _READ.rows(user_id=caller.sub, **parameters)
    kept, epoch = rows[0][:2] if rows else (None, 0)
    sums = Sums.of((row[2:] for row in rows if row[2] is not None), now)
    return Proof(kept if passwords.verify(kept, password) else None, epoch, sums)


def accept(caller: Principal, proof: Proof) -> UUID:
    """Return the id of the caller, if its password was right.

    Raises:
        InvalidCredentials: The password was wrong, or the session has ended meanwhile.
    """
    user_id, _ = ids(caller)
    refusal = InvalidCredentials(facts={"user_id": user_id})
    require(caller, proof.password_hash, refusal, proof.sums)
    return user_id


def require(caller: Principal, proved: T | None, refusal: Problem, sums: Sums | None = None) -> T:
    """Return what the caller has proved its identity by, and count a failure if it has not.

    The result is decided under the lock of the counter. After ten wrong passwords or codes the
    session ends, so that a stranger with a stolen session cannot guess on.

    Args:
        caller: The caller.
        proved: What it has proved; None if what it sent was wrong.
        refusal: What is raised then; it keeps the work, so that the failure is counted.
        sums: What was counted before, if it was read already.
    """
    _, session_id = ids(caller)
    failures = 0 if proved is not None else 1
    spent = counters.spend(_counted(session_id), failures=failures, sums=sums)
    if proved is not None and not spent.wait:
        return proved
    if spent.wait or spent.full:
        open_sessions.end(Session.id == session_id, reason="guessed")
    raise refusal


def step_up(caller: Principal, proof: Proof, client: Client = UNKNOWN) -> AccessToken:
    """Make the session of the caller fresh, and return an access token of it.

    Raises:
        InvalidCredentials: The password was wrong.
        Unauthenticated: The session has ended meanwhile.
    """
    accept(caller, proof)
    return make_fresh(caller, client)


def make_fresh(caller: Principal, client: Client, **values: Any) -> AccessToken:
    """Set when the caller has proved its identity to now, and return an access token.

    Args:
        caller: The caller.
        client: Where it was asked for.
        **values: Other values of the session, by column.

    Raises:
        Unauthenticated: The session has ended meanwhile.
    """
    user_id, session_id = ids(caller)
    epoch = sa.select(User.token_epoch).where(User.id == Session.user_id).scalar_subquery()
    updated = session.execute(
        sa.update(Session)
        .where(Session.id == session_id, Session.revoked_at.is_(None))
        .values(auth_time=utc_now(), **values)
        .returning(epoch, key_ring.NEWEST)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if updated is None:
        raise Unauthenticated(invalid_token=True)
    audit.record(user_id, "stepped_up", client=client, actor_id=user_id)
    current_epoch, newest_key = updated
    return refreshes.access_token(Claims(user_id, session_id, current_epoch), newest_key)


def _counted(session_id: UUID) -> list[Counter]:
    return [Counter("step_up", str(session_id), FAILURES)]


def ids(caller: Principal) -> tuple[UUID, UUID]:
    """Return the ids of the caller and its session; every token of this feature has both.

    Raises:
        Unauthenticated: The token has none of them.
    """
    if caller.sub is None or caller.session_id is None:
        raise Unauthenticated(invalid_token=True)
    return caller.sub, caller.session_id
