"""Requests to export or erase the data of a person, and how far they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import security
from mercato_kit.db import insert, locked, new_id, refreshed, session, utc_now
from mercato_kit.models import LIVE, PrivacyRequest, PrivacyStep
from mercato_kit.privacy.personal_data import Retained
from mercato_kit.privacy.subjects import Subject, key_of, seal, unseal

Kind = Literal["export", "erase"]
Status = Literal["scheduled", "running", "waiting", "failed", "done", "canceled"]
StepStatus = Literal["pending", "done", "nothing", "waiting", "failed", "absent"]


@dataclass(frozen=True, slots=True)
class Step:
    """What one feature has done for a request.

    Args:
        feature: Its name; ``kit`` for stored answers and errors.
        status: ``nothing`` if it has no data of the person; ``absent`` if it has tables and is not
            composed.
        attempts: How often it failed.
        counts: The number of exported or changed rows, by what they are.
        retained: What it has left in place.
        error_code: Of the last failure.
        next_attempt_at: When it is tried again.
    """

    feature: str
    status: StepStatus
    attempts: int
    counts: Mapping[str, int]
    retained: Sequence[Retained]
    error_code: str | None
    next_attempt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its steps.

    Args:
        id: Its id.
        kind: What was asked for.
        status: How far it is.
        subject: The person; None when it was erased or canceled, or an export has expired.
        actor: Who asked.
        created_at: When.
        due_at: When it is worked on next; None when it has ended.
        finished_at: When it ended.
        steps: In the order of the features.
    """

    id: UUID
    kind: Kind
    status: Status
    subject: Subject | None
    actor: str | None
    created_at: datetime
    due_at: datetime | None
    finished_at: datetime | None
    steps: Sequence[Step]

    @property
    def complete(self) -> bool:
        """Whether every feature with data has given or erased it."""
        return self.status == "done" and all(
            step.status in ("done", "nothing") for step in self.steps
        )


def request(
    kind: Kind, subject: Subject, *, due_at: datetime | None = None, actor: str | None = None
) -> UUID:
    """Store a request, which the worker runs when it is due.

    While one of this kind is open for the subject, there is no second: that one then includes all
    that *subject* names until now, and is due at the earlier time.

    Args:
        kind: ``export`` or ``erase``.
        subject: The person.
        due_at: When. Default: at once.
        actor: Who asks, for operators: the id of an account, or ``operator``.

    Returns:
        The id of the request.

    Raises:
        ValueError: The subject names nothing.
    """
    if not subject:
        raise ValueError("the subject has no account, address or id")
    now, key = utc_now(), key_of(subject)
    due = due_at or now
    subject = replace(subject, until=due)
    values = {"kind": kind, "subject_key": key, "subject_sealed": seal(subject), "due_at": due}
    made = insert(PrivacyRequest).values(
        id=new_id(), status="scheduled", actor=actor, created_at=now, **values
    )
    of_subject = ["kind", "subject_key"]
    made = made.on_conflict_do_nothing(index_elements=of_subject, index_where=LIVE)
    id_: UUID | None = session.scalar(made.returning(PrivacyRequest.id))
    if id_ is None:
        id_ = _join(kind, key, subject, due)
    if id_ is None:
        # The open request has ended meanwhile.
        return request(kind, subject, due_at=due_at, actor=actor)
    security.record("personal_data_requested", privacy_request_id=id_, kind=kind, actor=actor)
    return id_


def cancel(request_id: UUID) -> bool:
    """Cancel a request that no feature has been asked for yet; False if there is none."""
    canceled = session.execute(
        sa.update(PrivacyRequest)
        .where(PrivacyRequest.id == request_id, PrivacyRequest.status == "scheduled")
        .values(status="canceled", subject_sealed=None, due_at=None, finished_at=utc_now())
        .returning(PrivacyRequest.id)
        .execution_options(synchronize_session=False)
    )
    return canceled.first() is not None


def get(request_id: UUID) -> Request | None:
    """Return a request with its steps; None if there is none."""
    row = session.scalar(
        refreshed(sa.select(PrivacyRequest).where(PrivacyRequest.id == request_id))
    )
    return None if row is None else request_of(row, steps_of(request_id))


def newest(limit: int = 50) -> list[Request]:
    """Return the newest requests, the last one first."""
    rows = sa.select(PrivacyRequest).order_by(PrivacyRequest.created_at.desc()).limit(limit)
    return [request_of(row, steps_of(row.id)) for row in session.scalars(refreshed(rows)).all()]


def steps_of(request_id: UUID) -> Sequence[PrivacyStep]:
    """Return the rows of a request's steps, in the order in which they run."""
    rows = sa.select(PrivacyStep).where(PrivacyStep.request_id == request_id)
    return session.scalars(refreshed(rows.order_by(PrivacyStep.position))).all()


def request_of(row: PrivacyRequest, steps: Sequence[PrivacyStep] = ()) -> Request:
    """Return the request of a row."""
    return Request(
        row.id,
        cast("Kind", row.kind),
        cast("Status", row.status),
        None if row.subject_sealed is None else unseal(row.subject_sealed),
        row.actor,
        row.created_at,
        row.due_at,
        row.finished_at,
        tuple(map(_step_of, steps)),
    )


def _join(kind: Kind, key: str, subject: Subject, due_at: datetime) -> UUID | None:
    """Add what *subject* names to the open request of its key; None if there is none any more."""
    statement = sa.select(PrivacyRequest).where(
        PrivacyRequest.kind == kind, PrivacyRequest.subject_key == key, LIVE
    )
    row = session.scalars(refreshed(locked(statement))).one_or_none()
    if row is None:
        return None
    if row.subject_sealed is not None:
        row.subject_sealed = seal(unseal(row.subject_sealed).joined(subject))
    row.due_at = due_at if row.due_at is None else min(row.due_at, due_at)
    if row.status in ("waiting", "failed"):
        _ask_again(row.id)
    return row.id


def _ask_again(request_id: UUID) -> None:
    """Ask features again that have answered: the request includes more now."""
    has_answered = PrivacyStep.status.in_(("done", "nothing", "waiting"))
    session.execute(
        sa.update(PrivacyStep)
        .where(PrivacyStep.request_id == request_id, has_answered)
        .values(status="pending", next_attempt_at=None)
        .execution_options(synchronize_session=False)
    )


def _step_of(row: PrivacyStep) -> Step:
    return Step(
        row.feature,
        cast("StepStatus", row.status),
        row.attempts,
        row.counts,
        tuple(map(_retained_of, row.retained)),
        row.error_code,
        row.next_attempt_at,
    )


def _retained_of(stored: Mapping[str, Any]) -> Retained:
    until = stored["until"]
    moment = None if until is None else datetime.fromisoformat(until)
    return Retained(stored["reason"], moment, stored["count"])
