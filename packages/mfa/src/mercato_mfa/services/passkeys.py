"""List and verify the passkeys of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from mercato_contracts.second_factor import ClonedAuthenticator, Proof
from mercato_kit.db import session, utc_now
from mercato_mfa.models import Passkey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from mercato_mfa.ceremonies import Answer

METHOD = "passkey"


def list_passkeys(user_id: UUID) -> Sequence[Passkey]:
    """Return the passkeys of a user, oldest first."""
    return session.scalars(
        sa.select(Passkey)
        .where(Passkey.user_id == user_id)
        .order_by(Passkey.created_at, Passkey.id)
    ).all()


def request_options(user_id: UUID, challenge: str) -> dict[str, Any]:
    """Return the options of ``navigator.credentials.get()`` for the passkeys of a user."""
    from mercato_mfa import ceremonies  # noqa: PLC0415

    return ceremonies.request_options(challenge, list_passkeys(user_id))


def verify(user_id: UUID, challenge: str, answer: str) -> Proof | None:
    """Verify the answer of a passkey of a user.

    Raises:
        ClonedAuthenticator: The answer is right, but the authenticator had counted further before.
    """
    from mercato_mfa import ceremonies  # noqa: PLC0415

    sent = ceremonies.read_answer(answer)
    known = sent and _find(user_id, sent)
    if not sent or not known:
        return None
    count = ceremonies.verified_count(sent, challenge, known)
    if count is None:
        return None
    if not _record_use(known, count):
        raise ClonedAuthenticator
    return Proof(amr_of(known), known.id)


def amr_of(passkey: Passkey) -> tuple[str, ...]:
    """Return the methods of authentication (RFC 8176) that a passkey proves."""
    return ("swk",) if passkey.backed_up else ("hwk",)


def _find(user_id: UUID, answer: Answer) -> Passkey | None:
    """Return the passkey of an answer, if it is the user's."""
    if answer.user_handle not in (None, user_id.bytes):
        return None
    return session.scalar(
        sa.select(Passkey).where(
            Passkey.credential_id == answer.credential_id, Passkey.user_id == user_id
        )
    )


def _record_use(known: Passkey, count: int) -> bool:
    """Record a use, and return whether the counter of the authenticator has grown.

    It need not grow where the key may be on several devices, or where nothing is counted.
    """
    has_grown = sa.or_(
        Passkey.backed_up,
        Passkey.sign_count < count,
        sa.and_(Passkey.sign_count == 0, sa.literal(count) == 0),
    )
    used = session.scalar(
        sa.update(Passkey)
        .where(Passkey.id == known.id, has_grown)
        .values(sign_count=count, used_at=utc_now())
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    return used is not None
