"""The methods of the contract ``second_factor``, for all factors of an account."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_contracts.second_factor import Proof
from mercato_kit.db import session
from mercato_mfa.models import Passkey, RecoveryCode, Totp
from mercato_mfa.services import passkeys, recovery_codes, totp

_Kept = type[Totp] | type[Passkey] | type[RecoveryCode]


def methods(user_id: UUID) -> tuple[str, ...]:
    """Return the methods that a user can answer with; none without an app or a passkey."""
    has = {
        passkeys.METHOD: sa.exists().where(Passkey.user_id == user_id),
        totp.METHOD: sa.exists().where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None)),
        recovery_codes.METHOD: sa.exists().where(
            RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
        ),
    }
    row = session.execute(sa.select(*has.values())).one()
    found = tuple(name for name, is_there in zip(has, row, strict=True) if is_there)
    return () if found == (recovery_codes.METHOD,) else found


def begin(user_id: UUID, method: str, challenge: str) -> Mapping[str, Any]:
    """Return what a client needs to answer a challenge; codes need nothing."""
    return passkeys.request_options(user_id, challenge) if method == passkeys.METHOD else {}


def verify(user_id: UUID, method: str, challenge: str, answer: str) -> Proof | None:
    """Verify an answer and use it up; None if it is wrong, malformed or used.

    Raises:
        ClonedAuthenticator: A passkey may be copied.
    """
    if method == totp.METHOD:
        return totp.verify(user_id, answer)
    if method == recovery_codes.METHOD:
        return recovery_codes.verify(user_id, answer)
    if method == passkeys.METHOD:
        return passkeys.verify(user_id, challenge, answer)
    return None


def remove_all(user_id: UUID, since: datetime | None = None) -> None:
    """Remove the factors of a user, or only those that were added since a moment.

    Recovery codes go with the last of the others.
    """
    confirmed_at = sa.func.coalesce(Totp.confirmed_at, Totp.created_at, type_=Totp.created_at.type)
    added: list[tuple[_Kept, sa.ColumnElement[datetime] | InstrumentedAttribute[datetime]]] = [
        (Totp, confirmed_at),
        (Passkey, Passkey.created_at),
        (RecoveryCode, RecoveryCode.created_at),
    ]
    for model, moment in added:
        which = sa.true() if since is None else moment >= since
        session.execute(sa.delete(model).where(model.user_id == user_id, which))
    remove_lonely_codes(user_id)


def remove_confirmed(user_id: UUID) -> None:
    """Remove the factors of a user, except an authenticator app that waits for its first code."""
    session.execute(sa.delete(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None)))
    session.execute(sa.delete(Passkey).where(Passkey.user_id == user_id))
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def remove_lonely_codes(user_id: UUID) -> bool:
    """Return whether a user has a factor; without one, remove the recovery codes."""
    has_factor = bool(methods(user_id))
    if not has_factor:
        session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    return has_factor
