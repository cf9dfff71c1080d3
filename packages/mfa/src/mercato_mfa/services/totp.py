"""Codes of authenticator apps (RFC 6238): six digits for each half minute."""

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hmac import compare_digest
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from mercato_contracts.second_factor import Proof
from mercato_kit import keys
from mercato_kit.db import session, utc_now
from mercato_kit.settings import current_settings
from mercato_mfa.models import SEALED_FOR, Totp
from mercato_mfa.settings import MfaSettings

METHOD = "totp"
AMR = ("otp",)
SECONDS = 30

_DIGITS = 6
_SECRET_BYTES = 20


def new_secret() -> bytes:
    """Return a new random secret."""
    return os.urandom(_SECRET_BYTES)


def text_of(secret: bytes) -> str:
    """Return a secret in base32, as people type it into an app."""
    return base64.b32encode(secret).decode()


def uri_of(secret: bytes, account: str) -> str:
    """Return the ``otpauth`` URI of a secret, which apps read as a QR code."""
    return _totp(secret).get_provisioning_uri(account, current_settings(MfaSettings).issuer)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a time step."""
    return _totp(secret).generate(step * SECONDS).decode()


def current_step() -> int:
    """Return the time step of now."""
    return int(utc_now().timestamp()) // SECONDS


def moment_of(step: int) -> datetime:
    """Return when a time step begins."""
    return datetime.fromtimestamp(step * SECONDS, UTC)


def verify(user_id: UUID, answer: str) -> Proof | None:
    """Verify a code of an authenticator app of a user, and use it up."""
    confirmed = sa.select(Totp.id, Totp.secret_sealed, Totp.last_step).where(
        Totp.user_id == user_id, Totp.confirmed_at.is_not(None)
    )
    for totp_id, sealed, last_step in session.execute(confirmed):
        for step in matching_steps(keys.open(SEALED_FOR, sealed), answer):
            if step > last_step and _claim(totp_id, step):
                return Proof(AMR, totp_id)
    return None


def matching_steps(secret: bytes, answer: str) -> Iterator[int]:
    """Yield the time steps whose code was sent: this one, the one before and the next.

    So clocks may differ by half a minute.
    """
    sent, now = "".join(answer.split()), current_step()
    for step in (now - 1, now, now + 1):
        if compare_digest(code_at(secret, step).encode(), sent.encode()):
            yield step


def _claim(totp_id: UUID, step: int) -> bool:
    """Use up the code of a step. If two callers send the same code, only one succeeds."""
    claimed = session.scalar(
        sa.update(Totp)
        .where(Totp.id == totp_id, Totp.last_step < step)
        .values(last_step=step)
        .returning(Totp.id)
        .execution_options(synchronize_session=False)
    )
    return claimed is not None


def _totp(secret: bytes) -> TOTP:
    # Authenticator apps know no other hash; an HMAC with it is not broken.
    return TOTP(secret, _DIGITS, SHA1(), SECONDS)  # noqa: S303
