"""List and remove the second factors of an account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.errors import NotFound
from mercato_kit.principals import Principal
from mercato_mfa.models import Passkey, RecoveryCode, Totp
from mercato_mfa.services import changes, passkeys, totp


@dataclass(frozen=True, slots=True)
class Factor:
    """An authenticator app or a passkey, as its owner sees it."""

    id: UUID
    method: str
    name: str | None
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """The factors of an account, oldest first, and how many recovery codes are unused."""

    factors: list[Factor]
    recovery_codes_left: int


def list_factors(caller: Principal) -> Factors:
    """Return the factors of the caller; none if they were reset while mfa was not enabled."""
    user_id = changes.owner(caller)
    if not caller.factor:
        return Factors([], 0)
    apps = session.scalars(
        sa.select(Totp).where(Totp.user_id == user_id, Totp.confirmed_at.is_not(None))
    )
    keys = session.scalars(sa.select(Passkey).where(Passkey.user_id == user_id))
    listed = [*map(shown_totp, apps), *map(shown_passkey, keys)]
    unused = sa.select(sa.func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return Factors(
        sorted(listed, key=lambda one: (one.created_at, one.id)), session.scalar(unused) or 0
    )


def shown_totp(app: Totp) -> Factor:
    """Return what the owner of an authenticator app sees of it."""
    return Factor(app.id, totp.METHOD, app.label, app.created_at, totp.moment_of(app.last_step))


def shown_passkey(key: Passkey) -> Factor:
    """Return what the owner of a passkey sees of it."""
    return Factor(key.id, passkeys.METHOD, key.name, key.created_at, key.used_at)


def remove_factor(caller: Principal, factor_id: UUID) -> None:
    """Remove an authenticator app or a passkey of the caller.

    Raises:
        NotFound: The caller has no such factor.
        FactorRequired: A role of the caller requires a second factor, and this is the last one.
    """
    user_id = changes.owner(caller)
    changes.begin(caller)
    for model, method in ((Totp, totp.METHOD), (Passkey, passkeys.METHOD)):
        if _delete(model, user_id, factor_id):
            changes.end(user_id, method)
            return
    raise NotFound


def _delete(model: type[Totp | Passkey], user_id: UUID, factor_id: UUID) -> bool:
    deleted = session.scalar(
        sa.delete(model)
        .where(model.id == factor_id, model.user_id == user_id)
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    return deleted is not None
