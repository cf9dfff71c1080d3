"""Export and erase the second factors of a person."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.schemas import render_instant
from mercato_mfa import services
from mercato_mfa.models import Passkey, Totp


def export_subject(user_id: UUID) -> dict[str, Any]:
    """Return the factors of a person, without secrets and keys; empty if there are none."""
    apps = session.scalars(sa.select(Totp).where(Totp.user_id == user_id).order_by(Totp.id))
    keys = session.scalars(
        sa.select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
    )
    listed = [*map(services.shown_totp, apps), *map(services.shown_passkey, keys)]
    factors = [
        {"method": one.method, "name": one.name, "created_at": render_instant(one.created_at)}
        for one in listed
    ]
    return {"factors": factors} if factors else {}


def erase_subject(user_id: UUID) -> None:
    """Delete the factors of a person."""
    services.remove_all(user_id)
