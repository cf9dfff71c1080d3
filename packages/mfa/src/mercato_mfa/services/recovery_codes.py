"""Recovery codes: each replaces a lost factor once."""

import base64
import hashlib
import os
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.second_factor import Proof
from mercato_kit.db import session, utc_now
from mercato_mfa.models import RecoveryCode

METHOD = "recovery_code"

NUMBER = 10
"""Codes that are made together; they replace those before."""

_CODE_BYTES = 15
_GROUP = 4


def replace_codes(user_id: UUID) -> list[str]:
    """Make new codes of 120 random bits each, and return them; codes that were made before go."""
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [base64.b32encode(os.urandom(_CODE_BYTES)).decode() for _ in range(NUMBER)]
    rows = [{"code_hash": _digest(code), "user_id": user_id} for code in codes]
    session.execute(sa.insert(RecoveryCode), rows)
    return [_grouped(code) for code in codes]


def verify(user_id: UUID, answer: str) -> Proof | None:
    """Use up a code of a user. If two callers send the same code, only one succeeds."""
    used = session.scalar(
        sa.update(RecoveryCode)
        .where(
            RecoveryCode.code_hash == _digest(answer),
            RecoveryCode.user_id == user_id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=utc_now())
        .returning(RecoveryCode.user_id)
        .execution_options(synchronize_session=False)
    )
    return None if used is None else Proof(("otp",), is_recovery=True)


def _digest(code: str) -> str:
    """Return the SHA-256 of a code, however its letters and groups are written."""
    letters = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(letters.encode()).hexdigest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))
