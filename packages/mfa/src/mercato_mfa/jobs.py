"""Periodic jobs of mfa."""

from datetime import timedelta

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.jobs import Job
from mercato_mfa.models import Totp

KEPT = timedelta(days=1)
"""How long an authenticator app may wait for its first code."""

_BATCH = 500


def forget_unconfirmed() -> int:
    """Delete authenticator apps that wait too long for their first code."""
    batch = (
        sa.select(Totp.id)
        .where(Totp.confirmed_at.is_(None), Totp.created_at < utc_now() - KEPT)
        .limit(_BATCH)
    )
    deleted = session.execute(
        sa.delete(Totp).where(Totp.id.in_(batch)).returning(Totp.id),
        execution_options={"synchronize_session": False},
    )
    return len(deleted.all())


JOBS = (Job("forget_unconfirmed", forget_unconfirmed, every_seconds=3600),)
