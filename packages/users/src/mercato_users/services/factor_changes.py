"""An account gets or loses second factors: by its owner, by staff, or when a change is undone."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.accounts import FactorRequired
from mercato_contracts.second_factor import Proof, SecondFactor
from mercato_kit.db import found, locked, session
from mercato_kit.errors import Unauthenticated
from mercato_kit.identity import known_principal
from mercato_kit.principals import Principal
from mercato_kit.services import names
from mercato_users import topics
from mercato_users.clients import UNKNOWN, Client
from mercato_users.models import Session, User
from mercato_users.services import audit, challenges, open_sessions, second_factors, standing


def lock(user_id: UUID) -> bool:
    """Lock an account until the commit, and return whether it has a second factor.

    Raises:
        Unauthenticated: It is not active any more, or the session of the caller has ended.
    """
    active = sa.select(User.has_factor).where(User.id == user_id, User.status == "active")
    has_factor = session.scalar(locked(active))
    if has_factor is None:
        raise Unauthenticated(invalid_token=True)
    open_sessions.require_open(known_principal().session_id)
    return has_factor


def begin_enrollment(user_id: UUID) -> str:
    """Return a new challenge for the session of the caller, to add a second factor."""
    session_id = known_principal().session_id
    return challenges.begin(user_id, challenges.ENROLL, session_id=session_id)


def finish_enrollment(user_id: UUID, challenge: str) -> bool:
    """Use up such a challenge, and return whether it was open for this account and session."""
    session_id = known_principal().session_id
    return challenges.use(challenge, challenges.ENROLL, session_id=session_id) == user_id


def record_change(
    user_id: UUID,
    *,
    has_factor: bool,
    method: str,
    added: Proof | None = None,
    client: Client = UNKNOWN,
) -> None:
    """Record that the owner of an account, which is locked, has changed its second factors.

    Its other sessions end, links that were mailed before are void, and a notice is mailed.

    Args:
        user_id: The account.
        has_factor: Whether the provider that calls keeps a factor of it.
        method: The method that was added or removed.
        added: What the caller has proved by adding a factor, which counts for its session.
        client: Where it was asked for.

    Raises:
        FactorRequired: The last factor would be lost, and a role requires one.
    """
    has_factor = has_factor or bool(second_factors.methods_of(user_id))
    if not has_factor and second_factors.must_have_one(user_id):
        raise FactorRequired
    _set(user_id, has_factor=has_factor)
    caller = known_principal()
    open_sessions.end_all(user_id, "factor_changed", but=caller.session_id)
    if added is not None:
        raise_session(caller, added)
    what = "factor_removed" if added is None else "factor_added"
    audit.record(user_id, what, client=client, actor_id=user_id, data={"method": method})
    topics.request_mail(topics.FACTOR_CHANGED, user_id)


def reset(user_id: UUID, *, reason: str | None, actor_id: UUID | None) -> None:
    """Remove all second factors of an account, whose owner has lost them; its sessions end.

    Args:
        user_id: The account.
        reason: Why, for the audit trail.
        actor_id: Who does it; None for an operator, who may do everything.

    Raises:
        NotFound: The user does not exist.
        Forbidden: The account holds what the actor does not.
    """
    found(session.scalar(locked(sa.select(User.id).where(User.id == user_id))))
    standing.require_touch_of(user_id, actor_id)
    second_factors.remove_all(user_id)
    _set(user_id, has_factor=False)
    open_sessions.end_all(user_id, "factor_reset")
    audit.record(user_id, "factor_reset", actor_id=actor_id, data={"reason": reason})
    topics.request_mail(topics.FACTOR_RESET, user_id)


def remove_added_since(user_id: UUID, since: datetime) -> None:
    """Remove second factors that were added since a moment: a thief may have added them."""
    if not names(SecondFactor):
        return
    second_factors.remove_all(user_id, since)
    _set(user_id, has_factor=bool(second_factors.methods_of(user_id)))


def raise_session(caller: Principal, proof: Proof) -> None:
    """Let the session of a caller be one with two factors."""
    session.execute(
        sa.update(Session)
        .where(Session.id == caller.session_id)
        .values(acr=2, amr=together(caller.amr, proof.amr, ["mfa"]))
        .execution_options(synchronize_session=False)
    )


def together(*methods: Iterable[str]) -> list[str]:
    """Return methods of authentication, each once."""
    return list(dict.fromkeys(name for several in methods for name in several))


def _set(user_id: UUID, *, has_factor: bool) -> None:
    """Set whether an account has a second factor, and begin its next credential epoch."""
    session.execute(
        sa.update(User)
        .where(User.id == user_id)
        .values(
            has_factor=has_factor,
            credential_epoch=User.credential_epoch + 1,
            # Factors do not belong to the profile.
            updated_at=User.updated_at,
        )
        .execution_options(synchronize_session=False)
    )
