"""Promises that nobody took back."""

from datetime import timedelta

import sqlalchemy as sa

from mercato_kit.db import locked
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_kit.settings import current_settings
from mercato_products.models import Reservation
from mercato_products.services.reservations import release
from mercato_products.settings import ProductsSettings


def release_orphan() -> int:
    """Take back one promise that expired long ago, and return how many that were: 0 or 1.

    Whoever reserved takes back what expires; this is for those who cannot any more. One at a time,
    so that no unit of work holds the levels of two reservations.
    """
    grace = timedelta(minutes=current_settings(ProductsSettings).orphan_grace_minutes)
    forgotten = sa.select(Reservation.reference).where(
        Reservation.status == "held", Reservation.expires_at < utc_now() - grace
    )
    reference = session.scalar(
        locked(forgotten.order_by(Reservation.expires_at).limit(1), skip_locked=True)
    )
    if reference is None:
        return 0
    release(reference)
    return 1
