"""Release abandoned reservations."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import locked, session, utc_now
from mercato_kit.settings import current_settings
from mercato_products.models import Reservation
from mercato_products.services.reservations import release_units
from mercato_products.settings import ProductsSettings

BATCH_SIZE = 100
"""Reservations that one run of the job processes at most."""


def release_orphans() -> int:
    """Release reservations that expired long ago, each in its own unit of work; return how many.

    Normally the feature that made a reservation releases it; this job covers the case that it no
    longer can. One unit of work per reservation avoids locking the levels of two.
    """
    failure = "abandoned reservation %s could not be released"
    return work.run_each(_find_abandoned, release_orphan, failure=failure)


def release_orphan(reference: UUID) -> bool:
    """Release a reservation if it is still abandoned and not locked by another transaction.

    Returns:
        Whether it was released.
    """
    orphan = sa.select(Reservation.reference).where(
        Reservation.reference == reference, *_is_abandoned()
    )
    if session.scalar(locked(orphan, skip_locked=True)) is None:
        return False
    release_units(reference)
    return True


def _is_abandoned() -> tuple[sa.ColumnElement[bool], ...]:
    grace = timedelta(minutes=current_settings(ProductsSettings).orphan_grace_minutes)
    return Reservation.status == "held", Reservation.expires_at < utc_now() - grace


def _find_abandoned() -> list[UUID]:
    statement = (
        sa.select(Reservation.reference)
        .where(*_is_abandoned())
        .order_by(Reservation.expires_at, Reservation.reference)
        .limit(BATCH_SIZE)
    )
    return list(session.scalars(statement))
