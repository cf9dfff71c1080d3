"""The caller proves its identity again with its password."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.errors import StepUpRequired, Unauthenticated
from mercato_kit.principals import Principal
from mercato_kit.reads import Read
from mercato_users import counters, key_ring, passwords
from mercato_users.access_tokens import Claims
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import InvalidCredentials
from mercato_users.models import Session, User
from mercato_users.services import audit, open_sessions, refreshes
from mercato_users.services.refreshes import AccessToken

FAILURES = (counters.Limit(10, counters.DAY),)
"""Wrong passwords after which the session ends."""

_HASH = Read(sa.select(User.password_hash).where(User.id == sa.bindparam("user_id")))


@dataclass(frozen=True, slots=True)
class Proof:
    """What the caller has proved, before the transaction begins.

    Args:
        password_hash: The hash that its password matched; None if the password was wrong. The
            statement that changes the account requires that it is still the account's.
    """

    password_hash: str | None


def verify(caller: Principal, password: str) -> Proof:
    """Verify the password of the caller, in no transaction, since it takes long.

    Raises:
        StepUpRequired: The caller has a second factor, and this session was begun without it.
    """
    if caller.factor and caller.acr < 2:
        raise StepUpRequired(acr=2)
    rows = _HASH.rows(user_id=caller.sub)
    kept = rows[0][0] if rows else None
    return Proof(kept if passwords.verify(kept, password) else None)


def accept(caller: Principal, proof: Proof) -> UUID:
    """Return the id of the caller, if its password was right.

    The result is decided under the lock of the counter. After ten wrong passwords the session
    ends, so that a stranger with a stolen session cannot guess on.

    Raises:
        InvalidCredentials: The password was wrong, or the session has ended meanwhile.
    """
    user_id, session_id = _ids(caller)
    is_right = proof.password_hash is not None
    counted = [counters.Counter("step_up", str(session_id), FAILURES)]
    is_full = counters.spend(counted, failures=0 if is_right else 1)
    if is_right and not is_full:
        return user_id
    if is_full or counters.wait(counted):
        open_sessions.end(Session.id == session_id, reason="guessed")
    raise InvalidCredentials(facts={"user_id": user_id})


def step_up(caller: Principal, proof: Proof, client: Client = UNKNOWN) -> AccessToken:
    """Make the session of the caller fresh, and return an access token of it.

    Raises:
        InvalidCredentials: The password was wrong.
        Unauthenticated: The session has ended meanwhile.
    """
    user_id, session_id = accept(caller, proof), caller.session_id
    epoch = sa.select(User.token_epoch).where(User.id == Session.user_id).scalar_subquery()
    updated = session.execute(
        sa.update(Session)
        .where(Session.id == session_id, Session.revoked_at.is_(None))
        .values(auth_time=utc_now())
        .returning(epoch, key_ring.NEWEST)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if updated is None or session_id is None:
        raise Unauthenticated(invalid_token=True)
    audit.record(user_id, "stepped_up", client=client, actor_id=user_id)
    current_epoch, newest_key = updated
    return refreshes.access_token(Claims(user_id, session_id, current_epoch), newest_key)


def _ids(caller: Principal) -> tuple[UUID, UUID]:
    """Return the ids of the caller and its session; every token of this feature has both."""
    if caller.sub is None or caller.session_id is None:
        raise Unauthenticated(invalid_token=True)
    return caller.sub, caller.session_id
