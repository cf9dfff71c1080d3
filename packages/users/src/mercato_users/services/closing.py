"""An account closes: it is erased some time later, unless its owner cancels that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import privacy
from mercato_kit.db import found, locked, refreshed, session, utc_now
from mercato_kit.principals import Principal
from mercato_kit.settings import current_settings
from mercato_users import one_time_tokens, topics
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import InvalidCredentials, InvalidTransition, TokenExpired
from mercato_users.models import Device, Session, User
from mercato_users.services import (
    administrators,
    api_keys,
    audit,
    open_sessions,
    proofs,
    standing,
)
from mercato_users.services.proofs import Proof
from mercato_users.services.standing import Held
from mercato_users.settings import UsersSettings
from mercato_users.subjects import subject_of


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was asked for: the id of its request, and when it begins."""

    id: UUID
    due_at: datetime


def close_own_account(caller: Principal, proof: Proof, client: Client = UNKNOWN) -> Erasure:
    """Close the account of the caller. Its tokens are refused from the next request on.

    Raises:
        InvalidCredentials: The password is wrong, or was changed meanwhile.
        LastAdministrator: No administrator would be left.
    """
    user_id = proofs.accept(caller, proof)
    user = _lock(user_id)
    if user.status != "active" or user.password_hash != proof.password_hash:
        raise InvalidCredentials
    return _close(user, standing.held_by([user_id])[user_id], actor_id=user_id, client=client)


def close_account(user_id: UUID, *, reason: str | None, actor_id: UUID | None) -> Erasure:
    """Close an account for staff; its owner can cancel that, too.

    Args:
        user_id: The account.
        reason: Why, for the audit trail.
        actor_id: Who closes it; None for an operator, who may do everything.

    Raises:
        NotFound: The user does not exist.
        InvalidTransition: The account is closing, or was erased.
        Forbidden: The account holds what the actor does not.
        LastAdministrator: No administrator would be left.
    """
    user = _lock(user_id)
    held = standing.require_touch_of(user_id, actor_id)
    if user.status not in ("active", "suspended"):
        raise InvalidTransition(f"The account is {user.status}.")
    return _close(user, held, actor_id=actor_id, reason=reason)


def cancel_erasure(token: str, client: Client = UNKNOWN) -> None:
    """Open an account again with the token of the mailed link; it is what it was before.

    Raises:
        TokenExpired: The link is unknown, used or expired, or the erasure has begun.
    """
    used = one_time_tokens.use(token, one_time_tokens.CANCEL_ERASURE)
    _reopen(used.user_id, used.data, client)


def reopen(user_id: UUID, client: Client = UNKNOWN) -> None:
    """Open an account again if it is closing: a thief may have closed it.

    Raises:
        TokenExpired: The erasure has begun.
    """
    status = session.scalar(sa.select(User.status).where(User.id == user_id))
    if status == "closing":
        purpose = one_time_tokens.CANCEL_ERASURE
        _reopen(user_id, one_time_tokens.newest_data(user_id, purpose), client)


def _reopen(user_id: UUID, data: Mapping[str, Any], client: Client) -> None:
    """Cancel an erasure, and give the account its former status back.

    Args:
        user_id: The account.
        data: That of the link which cancels the erasure; empty if there is none.
        client: Where it was asked for.
    """
    if not data or not privacy.cancel(UUID(data["request"])):
        raise TokenExpired
    opened = session.scalar(
        sa.update(User)
        .where(User.id == user_id, User.status == "closing")
        .values(status=data["status"], version=User.version + 1, updated_at=utc_now())
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    if opened is None:
        raise TokenExpired
    audit.record(user_id, "erasure_canceled", client=client, actor_id=user_id)


def _lock(user_id: UUID) -> User:
    """Lock the system role, which the change may take, and then the row of a user."""
    administrators.lock()
    return found(session.scalar(refreshed(locked(sa.select(User).where(User.id == user_id)))))


def _close(
    user: User,
    held: Held,
    *,
    actor_id: UUID | None,
    reason: str | None = None,
    client: Client = UNKNOWN,
) -> Erasure:
    """Close a locked account that has *held*, and ask for its erasure."""
    before, user.status = user.status, "closing"
    user.token_epoch += 1
    user.credential_epoch += 1
    session.flush()
    open_sessions.end_with_devices(
        Session.user_id == user.id, reason="closing", devices=Device.user_id == user.id
    )
    api_keys.revoke_all(user.id)
    now = utc_now()
    due_at = _due_at(user.id, now)
    actor = None if actor_id is None else str(actor_id)
    request_id = privacy.request("erase", subject_of(user), due_at=due_at, actor=actor)
    if user.email_verified:
        link = {"request": str(request_id), "status": before}
        _mail_link(user.id, {**link, "hours": (due_at - now) // timedelta(hours=1)}, due_at)
    data = {} if reason is None else {"reason": reason}
    audit.record(user.id, "erasure_asked", client=client, actor_id=actor_id, data=data)
    if held.is_system:
        administrators.require_one()
    return Erasure(request_id, due_at)


def _mail_link(user_id: UUID, data: dict[str, Any], due_at: datetime) -> None:
    """Mail a link that cancels an erasure, and gives the account its former status back."""
    nonce = topics.request_mail(topics.ERASURE_ASKED, user_id)
    purpose = one_time_tokens.CANCEL_ERASURE
    one_time_tokens.store(user_id, purpose, nonce, data, expires_at=due_at)


def _due_at(user_id: UUID, now: datetime) -> datetime:
    """Return when the erasure of an account begins.

    While a change of the address can be undone, a thief may have made it: the erasure waits for
    the owner, whom no mail about it reaches.
    """
    grace = timedelta(hours=current_settings(UsersSettings).erasure_grace_hours)
    undoable_until = one_time_tokens.undoable_until(user_id)
    return max(now + grace, undoable_until or now)
