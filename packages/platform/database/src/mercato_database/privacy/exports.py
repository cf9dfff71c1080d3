"""Exports are deleted when they have been kept for long enough."""

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.models import PrivacyPart, PrivacyRequest
from mercato_kit.privacy import EXPORT_KEPT

_BATCH = 50


def purge_exports() -> int:
    """Delete the data of a batch of exports that are too old; their requests stay."""
    old = (
        sa.select(PrivacyRequest.id)
        .where(
            PrivacyRequest.kind == "export",
            PrivacyRequest.subject_sealed.is_not(None),
            PrivacyRequest.finished_at < utc_now() - EXPORT_KEPT,
        )
        .limit(_BATCH)
    )
    ids = session.scalars(old).all()
    session.execute(sa.delete(PrivacyPart).where(PrivacyPart.request_id.in_(ids)))
    of_them = sa.update(PrivacyRequest).where(PrivacyRequest.id.in_(ids))
    session.execute(of_them.values(subject_sealed=None))
    return len(ids)
