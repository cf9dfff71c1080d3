"""Promises that nobody took back."""

import logging
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import locked
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_kit.settings import current_settings
from mercato_products.models import Reservation
from mercato_products.services.reservations import release_units
from mercato_products.settings import ProductsSettings

RELEASED_AT_ONCE = 100
"""Promises that one run of the job looks at."""

_log = logging.getLogger(__name__)


def release_orphans() -> int:
    """Take back promises that expired long ago, each in a unit of work of its own.

    Whoever reserved takes back what expires; this is for those who cannot any more. No unit of
    work holds the levels of two promises. One that cannot be taken back is left for the next run
    and keeps nothing else waiting.

    Returns:
        How many were taken back.
    """
    forgotten = work.run(_forgotten, read_only=True)
    return sum(_release_apart(reference) for reference in forgotten)


def release_orphan(reference: UUID) -> bool:
    """Take a promise back if it is still forgotten and nobody else is working on it.

    Returns:
        Whether it did.
    """
    orphan = sa.select(Reservation.reference).where(
        Reservation.reference == reference, *_is_forgotten()
    )
    if session.scalar(locked(orphan, skip_locked=True)) is None:
        return False
    release_units(reference)
    return True


def _is_forgotten() -> tuple[sa.ColumnElement[bool], ...]:
    grace = timedelta(minutes=current_settings(ProductsSettings).orphan_grace_minutes)
    return Reservation.status == "held", Reservation.expires_at < utc_now() - grace


def _forgotten() -> list[UUID]:
    statement = (
        sa.select(Reservation.reference)
        .where(*_is_forgotten())
        .order_by(Reservation.expires_at, Reservation.reference)
        .limit(RELEASED_AT_ONCE)
    )
    return list(session.scalars(statement))


def _release_apart(reference: UUID) -> bool:
    try:
        return work.run(lambda: release_orphan(reference))
    except Exception:  # noqa: BLE001 - one promise must not keep the others waiting
        _log.exception("the forgotten promise %s could not be taken back", reference)
        return False
