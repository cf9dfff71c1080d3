"""A request is run: its features are asked one by one, and the request is written on."""

import logging
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from mercato_database.history import KIT
from mercato_database.privacy import kit_data, steps
from mercato_database.privacy.participants import participants
from mercato_kit import leases, work
from mercato_kit.db import locked, refreshed, session, utc_now
from mercato_kit.models import PrivacyRequest, PrivacyStep
from mercato_kit.privacy import Kind, Subject
from mercato_kit.privacy.requests import Status, steps_of
from mercato_kit.privacy.subjects import unseal

LOOKED_AT_EVERY = timedelta(hours=1)
"""How often a request that waits is looked at."""

_ASKED_EVERY_SECONDS = 0.5

_OPEN = ("scheduled", "running", "waiting", "failed")

_log = logging.getLogger(__name__)


def run_due() -> int:
    """Run one request that is due; return whether there was one. A job without a transaction."""
    is_due = sa.and_(PrivacyRequest.status.in_(_OPEN), PrivacyRequest.due_at <= utc_now())
    lease = leases.take(PrivacyRequest, is_due, order_by=[PrivacyRequest.due_at], limit=1)
    with leases.renewed(lease):
        for request_id in lease.keys:
            run(request_id)
    leases.end(lease)
    return len(lease.keys)


def run_now(request_id: UUID, *, report: Callable[[str], object] = str) -> None:
    """Run a request for an operator who waits for it, when no worker runs it.

    Args:
        request_id: The request.
        report: Called with the name of each feature that was asked.
    """
    is_it = PrivacyRequest.id == request_id
    while not (lease := leases.take(PrivacyRequest, is_it, limit=1)).keys:
        time.sleep(_ASKED_EVERY_SECONDS)
    with leases.renewed(lease):
        run(request_id, at_once=True, report=report)
    leases.end(lease)


def run(request_id: UUID, *, at_once: bool = False, report: Callable[[str], object] = str) -> None:
    """Ask the features of a request, each in a unit of work of its own.

    A feature that fails leaves the request for later, and does not keep others from being asked.
    After a crash, the next run goes on with the first feature that has not answered.

    Args:
        request_id: The request.
        at_once: Whether features that failed are asked before their pause has ended.
        report: Called with the name of each feature that was asked.
    """
    tried: set[str] = set()
    while (feature := work.run(lambda: _begin(request_id, tried, at_once=at_once))) is not None:
        _ask(request_id, feature)
        tried.add(feature)
        report(feature)
    work.run(lambda: _end(request_id))


def _begin(request_id: UUID, tried: set[str], *, at_once: bool) -> str | None:
    """Write the steps at the start of a run, and return the feature to ask."""
    row = _locked(request_id)
    if row is None or row.status not in _OPEN:
        return None
    if not tried:
        row.status = "running"
        steps.prepare(row)
    return steps.next_step(row, tried, at_once=at_once)


def _ask(request_id: UUID, feature: str) -> None:
    try:
        work.run(lambda: _answer(request_id, feature))
    except Exception as error:  # noqa: BLE001 - the code of a feature may fail in any way
        _log_failure(request_id, feature, error)
        failure = error
        work.run(lambda: _fail(request_id, feature, failure))


def _answer(request_id: UUID, feature: str) -> None:
    # The lock on the row makes another process wait, whose lease began when this one's ended.
    request, step = session.get_one(PrivacyRequest, request_id), _step(request_id, feature)
    if request.subject_sealed is None or step.status in ("done", "nothing"):
        return
    subject, kind = unseal(request.subject_sealed), _kind_of(request)
    data = participants(kind)[feature]
    if feature == KIT:
        subject = subject.joined(Subject(refs={kit_data.ERASED: steps.erased_ids(request_id)}))
    if kind == "export" and data.export is not None:
        steps.store_parts(step, data.export(subject))
    elif data.erase is not None:
        steps.store_erased(step, data.erase(subject))


def _fail(request_id: UUID, feature: str, error: Exception) -> None:
    request = session.get_one(PrivacyRequest, request_id)
    steps.store_failure(_step(request_id, feature), request.kind, error)


def _end(request_id: UUID) -> None:
    """Write how far the request is."""
    row = _locked(request_id)
    if row is None or row.status not in _OPEN:
        return
    found = steps_of(request_id)
    row.status = _status_of(row, found)
    if row.status == "done":
        row.finished_at, row.due_at = utc_now(), None
        if row.kind == "erase":
            row.subject_sealed = None
    elif row.status == "failed":
        row.due_at = steps.retry_at(found)
    else:
        row.due_at = steps.waits_until(found) or utc_now() + LOOKED_AT_EVERY


def _status_of(row: PrivacyRequest, found: Sequence[PrivacyStep]) -> Status:
    statuses = {step.status for step in found}
    if row.kind == "export":
        again = any(step.status == "failed" and not steps.has_given_up(step) for step in found)
        return "failed" if again else "done"
    if "failed" in statuses:
        return "failed"
    return "waiting" if statuses & {"waiting", "absent", "pending"} else "done"


def _locked(request_id: UUID) -> PrivacyRequest | None:
    statement = sa.select(PrivacyRequest).where(PrivacyRequest.id == request_id)
    return session.scalar(refreshed(locked(statement)))


def _step(request_id: UUID, feature: str) -> PrivacyStep:
    statement = sa.select(PrivacyStep).where(
        PrivacyStep.request_id == request_id, PrivacyStep.feature == feature
    )
    return session.scalars(refreshed(locked(statement))).one()


def _kind_of(row: PrivacyRequest) -> Kind:
    return "export" if row.kind == "export" else "erase"


def _log_failure(request_id: UUID, feature: str, error: Exception) -> None:
    """Log where a feature failed, without the message of the error, which may name a person."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    _log.error(
        "personal data: %s failed for request %s: %s at %s",
        feature,
        request_id,
        type(error).__name__,
        place,
    )
