"""What keeps requests of persons from being done: K314."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from mercato_composition.faults import Fault, Outside, Place
from mercato_kit.models import PrivacyRequest, PrivacyStep

_STUCK = (
    sa.select(
        PrivacyRequest.id,
        PrivacyRequest.kind,
        PrivacyStep.feature,
        PrivacyStep.status,
        PrivacyStep.attempts,
        PrivacyStep.error_code,
        PrivacyStep.next_attempt_at,
    )
    .join(PrivacyStep, PrivacyStep.request_id == PrivacyRequest.id)
    .where(
        PrivacyRequest.finished_at.is_(None),
        PrivacyStep.status.in_(("failed", "absent")),
    )
    .order_by(PrivacyRequest.created_at, PrivacyStep.position)
)


def stuck(connection: sa.Connection) -> Iterator[Fault]:
    """Give the features that failed for an open request, or that have data and are not enabled."""
    for row in connection.execute(_STUCK):
        yield _absent(row) if row.status == "absent" else _failed(row)


def _absent(row: sa.Row[Any]) -> Fault:
    what = f"to {row.kind}: {row.feature!r} has data, and is not enabled."
    fix = Outside(f"enable it, or: mercato data purge {row.feature}")
    return Fault("K314", _place(row), what, (fix,), severity="warning", mark=row.feature)


def _failed(row: sa.Row[Any]) -> Fault:
    times = f"{row.attempts} time{'s' if row.attempts > 1 else ''}"
    what = f"to {row.kind}: {row.feature!r} failed {times} ({row.error_code})."
    fix = Outside("correct the cause, which the worker's log names")
    if row.next_attempt_at is not None:
        return Fault("K314", _place(row), what, (fix,), severity="warning", mark=row.feature)
    what += "\nit is not tried again by itself"
    again = Outside(f"mercato data {row.kind} SUBJECT asks it again")
    return Fault("K314", _place(row), what, (fix, again), mark=row.feature)


def _place(row: sa.Row[Any]) -> Place:
    return Place(name=f"request {row.id}")
