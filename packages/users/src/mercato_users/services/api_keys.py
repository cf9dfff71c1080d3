"""API keys: programs use them instead of access tokens."""

from collections.abc import Collection, Container, Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.composition import current_composition
from mercato_kit.db import found, locked, new_id, refreshed, session, utc_now
from mercato_kit.errors import Forbidden, NotFound, StaleVersion, StepUpRequired, invalid
from mercato_kit.http import PageRequest
from mercato_kit.later import later
from mercato_kit.principals import Principal
from mercato_kit.views import Shown
from mercato_users import opaque_tokens
from mercato_users.api_keys import SHOWN, mode_of, new_key
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import KeyEnded, LimitReached, UnknownPermission
from mercato_users.models import ApiKey, User
from mercato_users.permissions import API_KEYS_WRITE
from mercato_users.services import audit, open_sessions, standing
from mercato_users.values import NewApiKey
from mercato_users.views import API_KEYS

MOST = 50
"""Valid API keys of an account, about: keys that are made at once are not counted."""

LIFETIME, LONGEST = timedelta(days=90), timedelta(days=365)

_NUMBER = (
    sa.select(sa.func.count())
    .select_from(ApiKey)
    .where(
        ApiKey.user_id == User.id,
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at > sa.bindparam("now", type_=ApiKey.expires_at.type),
    )
    .scalar_subquery()
)


class MadeKey(NamedTuple):
    """A key that was just made: what is shown of it, and its text, which is not stored."""

    shown: Shown
    text: str


def list_api_keys(page: PageRequest, caller: Principal, user_id: UUID | None = None) -> Shown:
    """Return a page of the API keys of the caller, or of another account.

    Raises:
        Forbidden: The caller may not see those of other accounts.
    """
    if user_id not in (None, caller.sub):
        _require_permission(caller, API_KEYS_WRITE)
    return API_KEYS.page(page, user_id=user_id or caller.sub)


def find_api_key(key_id: UUID, caller: Principal) -> Shown:
    """Return an API key.

    Raises:
        NotFound: There is none that the caller may see.
    """
    if caller.may(API_KEYS_WRITE):
        return API_KEYS.one(id=key_id)
    return API_KEYS.one(id=key_id, user_id=caller.sub)


def create_api_key(new: NewApiKey, caller: Principal, client: Client = UNKNOWN) -> MadeKey:
    """Create an API key of the caller, or of another account.

    Raises:
        UnknownPermission: No feature declares one of the scopes.
        Forbidden: The caller lacks one of them, may not make keys for others, or the account
            holds what the caller does not.
        StepUpRequired: This session lacks one of them until it has the second factor.
        Unauthenticated: The session has ended meanwhile.
        LimitReached: The account has 50 API keys.
        Invalid: The account does not exist or is not active, or the time to expire is not within
            365 days.
    """
    now = utc_now()
    ends = new.expires_at or now + LIFETIME
    if not now < ends <= now + LONGEST:
        raise invalid("/expires_at", "range", f"Must be within {LONGEST.days} days.")
    _require_scopes(caller, new.scopes)
    owner_id = new.user_id or caller.sub
    _require_owner(caller, owner_id)
    _require_room(owner_id)
    open_sessions.require_open(caller.session_id)
    values = {
        "user_id": owner_id,
        "name": new.name,
        "scopes": sorted(set(new.scopes)),
        "created_at": now,
        "expires_at": ends,
    }
    return _make(values, "api_key_created", caller, client)


def update_api_key(
    key_id: UUID, changes: Mapping[str, Any], caller: Principal, *, versions: Container[int]
) -> Shown:
    """Change the name and the scopes of an API key.

    Args:
        key_id: The key.
        changes: New values by attribute.
        caller: Who changes it.
        versions: The versions that the caller accepts.

    Raises:
        NotFound: There is none that the caller may see.
        StaleVersion: It has changed since.
        UnknownPermission: No feature declares a new scope.
        Forbidden: The caller lacks a new scope, or what the account of the key holds.
    """
    key = _lock(key_id, caller)
    if key.version not in versions:
        raise StaleVersion
    scopes = sorted(set(changes.get("scopes", key.scopes)))
    _require_scopes(caller, set(scopes) - set(key.scopes))
    key.name, key.scopes = changes.get("name", key.name), scopes
    key.version += 1
    session.flush()
    _record("api_key_changed", key.user_id, key_id, caller, scopes=scopes)
    return API_KEYS.one(id=key_id)


def revoke_api_key(key_id: UUID, caller: Principal, client: Client = UNKNOWN) -> None:
    """Revoke an API key; it is refused from the next request on.

    Raises:
        NotFound: There is none that the caller may see.
        Forbidden: The account of the key holds what the caller does not.
    """
    key = _lock(key_id, caller)
    key.revoked_at = utc_now()
    session.flush()
    _record("api_key_revoked", key.user_id, key_id, caller, client)


def roll_api_key(
    key_id: UUID, caller: Principal, *, overlap_seconds: int, client: Client = UNKNOWN
) -> MadeKey:
    """Make a key that takes the place of another one, which ends.

    The new key has the name and the scopes of the old one, and is valid as long as that was.

    Args:
        key_id: The old key.
        caller: Who rolls it.
        overlap_seconds: How long the old key is valid from now on, at most.
        client: Where it was asked for.

    Raises:
        NotFound: There is none that the caller may see.
        KeyEnded: It has expired, or was rolled before.
        Forbidden: The caller lacks one of its scopes, or what the account of the key holds.
        Unauthenticated: The session has ended meanwhile.
    """
    _lock_owner(key_id)
    open_sessions.require_open(caller.session_id)
    old, now = _lock(key_id, caller), utc_now()
    if old.replaced_by is not None or old.expires_at <= now:
        raise KeyEnded
    _require_scopes(caller, current_composition().permissions & set(old.scopes))
    copied = {name: getattr(old, name) for name in ("user_id", "name", "scopes")}
    times = {"created_at": now, "expires_at": now + (old.expires_at - old.created_at)}
    made = _make(copied | times, "api_key_rolled", caller, client, replaces=str(key_id))
    old.replaced_by = made.shown.content["id"]
    old.expires_at = min(old.expires_at, now + timedelta(seconds=overlap_seconds))
    old.version += 1
    session.flush()
    return made


def revoke_all(user_id: UUID) -> None:
    """Revoke the API keys of an account."""
    session.execute(
        sa.update(ApiKey)
        .where(ApiKey.user_id == user_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def _make(
    values: Mapping[str, Any], what: str, caller: Principal, client: Client, **facts: Any
) -> MadeKey:
    text = new_key(mode_of(current_composition().environment))
    row = {
        **values,
        "id": new_id(),
        "start": text[:SHOWN],
        "key_hash": opaque_tokens.digest(text),
        "created_by": caller.sub,
    }
    [complete] = later(ApiKey, [row])
    facts |= {"scopes": values["scopes"]}
    _record(what, values["user_id"], complete["id"], caller, client, **facts)
    return MadeKey(API_KEYS.of(complete), text)


def _record(
    what: str,
    owner_id: UUID,
    key_id: UUID,
    caller: Principal,
    client: Client = UNKNOWN,
    **facts: Any,
) -> None:
    data = {"key": str(key_id), **facts}
    audit.record(owner_id, what, client=client, actor_id=caller.sub, data=data)


def _lock(key_id: UUID, caller: Principal) -> ApiKey:
    """Return a key that the caller may change, locked."""
    one = sa.select(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    key = found(session.scalar(refreshed(locked(one))))
    if key.user_id != caller.sub and not caller.may(API_KEYS_WRITE):
        raise NotFound
    _require_owner(caller, key.user_id)
    return key


def _lock_owner(key_id: UUID) -> None:
    """Lock the account of a key, so that what revokes all its keys sees the next one, too."""
    owner_id = sa.select(ApiKey.user_id).where(ApiKey.id == key_id).scalar_subquery()
    session.execute(locked(sa.select(User.id).where(User.id == owner_id)))


def _require_owner(caller: Principal, owner_id: UUID | None) -> None:
    """Check that the caller may change the keys of an account."""
    if owner_id == caller.sub:
        return
    _require_permission(caller, API_KEYS_WRITE)
    if caller.withheld:
        # What all roles of the caller hold decides, so all must count in this session.
        raise StepUpRequired(acr=2)
    standing.require_touch_of(owner_id, caller.sub)


def _require_room(owner_id: UUID | None) -> None:
    is_owner = sa.and_(User.id == owner_id, User.status == "active")
    # The lock lets what revokes all keys of the account see the new one.
    of_owner = locked(sa.select(_NUMBER, User.id).where(is_owner), of=[User])
    number = session.scalar(of_owner, {"now": utc_now()})
    if number is None:
        raise invalid("/user_id", "unknown_account", "There is no active account with this id.")
    if number >= MOST:
        raise LimitReached(f"The account has {MOST} API keys; revoke one first.")


def _require_scopes(caller: Principal, scopes: Collection[str]) -> None:
    """Check that the caller holds scopes now, in this session."""
    if unknown := sorted(set(scopes) - current_composition().permissions):
        raise UnknownPermission(unknown, field="scopes")
    for scope in sorted(scopes):
        _require_permission(caller, scope)


def _require_permission(caller: Principal, name: str) -> None:
    if name in caller.withheld:
        raise StepUpRequired(acr=2)
    if not caller.may(name):
        raise Forbidden(f"This requires the permission {name}.")
