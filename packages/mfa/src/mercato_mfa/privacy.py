"""Export and erase the second factors of a person."""

from collections.abc import Iterator
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns
from mercato_kit.schemas import render_instant
from mercato_mfa import services
from mercato_mfa.models import Passkey, RecoveryCode, Totp


def export(subject: Subject) -> Iterator[Part]:
    """Give the factors of a person, without secrets and keys."""
    if subject.account is not None:
        yield Part("factors", [_shown(one) for one in _factors_of(subject.account)])


def erase(subject: Subject) -> Erased:
    """Delete the factors of a person."""
    if subject.account is None:
        return Erased()
    ids = [one.id for one in _factors_of(subject.account)]
    services.remove_all(subject.account)
    return Erased(ids, {"factors": len(ids)})


PERSONAL_DATA = PersonalData(
    columns=columns(
        erase=[
            Totp.secret_sealed,
            Totp.label,
            RecoveryCode.code_hash,
            Passkey.credential_id,
            Passkey.public_key,
            Passkey.transports,
            Passkey.name,
        ]
    ),
    export=export,
    erase=erase,
)


def _factors_of(user_id: UUID) -> list[services.Factor]:
    apps = session.scalars(sa.select(Totp).where(Totp.user_id == user_id).order_by(Totp.id))
    keys = session.scalars(
        sa.select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
    )
    return [*map(services.shown_totp, apps), *map(services.shown_passkey, keys)]


def _shown(factor: services.Factor) -> dict[str, str | None]:
    return {
        "method": factor.method,
        "name": factor.name,
        "created_at": render_instant(factor.created_at),
    }
