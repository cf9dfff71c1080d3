"""Exports are deleted when they have been kept for long enough."""

import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.models import PrivacyPart, PrivacyRequest
from mercato_kit.privacy import EXPORT_KEPT

_BATCH = 50


def purge_exports() -> int:
    """Delete the data of a batch of exports that are too old; their requests stay.

    So is what a feature wrote while the export was canceled, because its person was erased.
    """
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
    of_them = sa.update(PrivacyRequest).where(PrivacyRequest.id.in_(ids))
    session.execute(of_them.values(subject_sealed=None))
    session.flush()
    ended = sa.select(PrivacyRequest.id).where(PrivacyRequest.subject_sealed.is_(None))
    session.execute(sa.delete(PrivacyPart).where(PrivacyPart.request_id.in_(ended)))
    return len(ids)
