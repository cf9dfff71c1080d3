"""The rows of a request's steps: made, chosen, and written with what was done."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_database.history import KIT
from mercato_database.privacy import participants
from mercato_kit.composition import current_composition
from mercato_kit.db import insert, session, utc_now
from mercato_kit.errors import Problem
from mercato_kit.models import Erasure, PrivacyPart, PrivacyRequest, PrivacyStep
from mercato_kit.privacy import Erased, Part, Retained
from mercato_kit.privacy.requests import steps_of

EXPORT_ATTEMPTS = 5
"""How often a feature is asked for its part of an export, which then goes without."""

ERASE_ATTEMPTS = 40
"""How often a feature is asked to erase: with the pauses in between, for 30 days."""

UNDER_WAY = timedelta(minutes=10)
"""How long requests and jobs that began before a feature erased may still write about the person.

No deadline ends them as a whole: a request waits for a thread for up to 30 seconds, a statement
for 8, and each provider on another machine for 10.
"""

_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(days=1)
_UNDONE = ("pending", "failed")


def prepare(request: PrivacyRequest) -> None:
    """Make the steps of a request, and correct those of features that came or went since."""
    kind: Any = request.kind
    present, away = participants.participants(kind), participants.absent(kind)
    known = {step.feature: step for step in steps_of(request.id)}
    for position, name in enumerate([*present, *away]):
        step = known.pop(name, None) or _new(request.id, name)
        step.position = position
        if name in present and step.status == "absent":
            step.status = "pending"
        elif name in away and step.status not in ("done", "nothing"):
            step.status = "absent"
    for gone in known.values():
        # It has no rows any more, or was purged.
        gone.status = gone.status if gone.status == "done" else "nothing"
    session.flush()


def next_step(request: PrivacyRequest, tried: Collection[str], *, at_once: bool) -> str | None:
    """Return the feature to ask next; None if there is nothing to do now.

    Args:
        request: The request.
        tried: The features that were asked in this run, which wait for the next one.
        at_once: Whether one that failed is asked before its pause has ended. What may be under way
            is waited for.
    """
    now, steps = utc_now(), steps_of(request.id)
    undone = {step.feature for step in steps if step.status in _UNDONE}
    for step in steps:
        is_due = step.next_attempt_at is None or step.next_attempt_at <= now
        is_ready = is_due or (at_once and step.status == "failed")
        again = step.status in ("failed", "waiting") and is_ready and step.feature not in tried
        blocked = request.kind == "erase" and undone & _before(step.feature)
        if (step.status == "pending" or again) and not blocked:
            return step.feature
    return None


def store_parts(step: PrivacyStep, parts: Iterable[Part]) -> None:
    """Store what a feature exports; a run before this one is replaced."""
    own = (PrivacyPart.request_id == step.request_id, PrivacyPart.feature == step.feature)
    session.execute(sa.delete(PrivacyPart).where(*own))
    counts: dict[str, int] = {}
    for sequence, part in enumerate(parts):
        body = {"name": part.name, "items": list(part.items)}
        session.execute(
            sa.insert(PrivacyPart),
            {
                "request_id": step.request_id,
                "feature": step.feature,
                "sequence": sequence,
                "body": body,
            },
        )
        counts[part.name] = counts.get(part.name, 0) + len(part.items)
    step.counts = counts
    _end(step, "done" if any(counts.values()) else "nothing")


def store_erased(step: PrivacyStep, erased: Erased) -> None:
    """Store what a feature has erased, and what it has left in place.

    Each feature is asked once more when what was under way has ended, counted from when the one
    that has the accounts erased: a person may have done something until then. The kit is asked
    after each of them.
    """
    now = utc_now()
    is_first = step.status != "waiting"
    rows = [
        {"request_id": step.request_id, "feature": step.feature, "ref": ref, "erased_at": now}
        for ref in set(erased.ids)
    ]
    if rows:
        session.execute(insert(Erasure).on_conflict_do_nothing(), rows)
    step.counts = _added(step.counts, erased.counts)
    step.retained = [_stored(one) for one in erased.waiting]
    waits = any(one.until is None for one in erased.waiting)
    has_done = any(step.counts.values()) or bool(rows)
    if is_first and step.feature in _owners():
        _ask_again(step, sa.true(), at=now + UNDER_WAY)
    elif step.feature != KIT:
        _ask_again(step, PrivacyStep.feature == KIT)
    done = "done" if has_done or erased.waiting else "nothing"
    _end(step, "waiting" if is_first or waits else done)
    step.next_attempt_at = now + UNDER_WAY if is_first else None


def erased_ids(request_id: UUID) -> frozenset[UUID]:
    """Return the ids of everything that the features have erased for a request."""
    return frozenset(
        session.scalars(sa.select(Erasure.ref).where(Erasure.request_id == request_id))
    )


def store_failure(step: PrivacyStep, kind: str, error: Exception) -> None:
    """Store that a feature failed, by the class of the error: its message may name a person."""
    step.attempts += 1
    step.status = "failed"
    step.error_code = (error.code if isinstance(error, Problem) else type(error).__name__)[:100]
    most = EXPORT_ATTEMPTS if kind == "export" else ERASE_ATTEMPTS
    step.next_attempt_at = None if step.attempts >= most else utc_now() + _pause(step.attempts)


def has_given_up(step: PrivacyStep) -> bool:
    """Return whether a feature that failed is not asked again."""
    return step.status == "failed" and step.next_attempt_at is None


def retry_at(steps: Iterable[PrivacyStep]) -> datetime | None:
    """Return when the first of the features that failed is asked again."""
    moments = [step.next_attempt_at for step in steps if step.status == "failed"]
    return min((moment for moment in moments if moment is not None), default=None)


def waits_until(steps: Iterable[PrivacyStep]) -> datetime | None:
    """Return when the last of the features that wait for what is under way is asked once more."""
    moments = [step.next_attempt_at for step in steps if step.status == "waiting"]
    return max((moment for moment in moments if moment is not None), default=None)


def _new(request_id: UUID, feature: str) -> PrivacyStep:
    step = PrivacyStep(request_id=request_id, feature=feature, status="pending", attempts=0)
    step.counts, step.retained = {}, []
    session.add(step)
    return step


def _before(feature: str) -> set[str]:
    """Return the features that must have been asked successfully before this one."""
    owners = _owners()
    if feature == KIT:
        return _all_features()
    return _all_features() - owners if feature in owners else set()


def _all_features() -> set[str]:
    return {feature.name for feature in current_composition().features}


def _owners() -> set[str]:
    features = current_composition().features
    return {feature.name for feature in features if participants.has_accounts(feature)}


def _ask_again(
    asked: PrivacyStep, which: sa.ColumnElement[bool], *, at: datetime | None = None
) -> None:
    """Ask features that have answered once more; not the one that was just asked.

    Args:
        asked: The one that was just asked.
        which: Which of the others.
        at: When; None for in this run.
    """
    session.execute(
        sa.update(PrivacyStep)
        .where(
            PrivacyStep.request_id == asked.request_id,
            PrivacyStep.feature != asked.feature,
            PrivacyStep.status.in_(("done", "nothing", "waiting")),
            which,
        )
        .values(status="waiting", next_attempt_at=at)
        .execution_options(synchronize_session=False)
    )


def _end(step: PrivacyStep, status: str) -> None:
    step.status = status
    step.error_code = step.next_attempt_at = None


def _added(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    names = {**before, **now}
    return {name: before.get(name, 0) + now.get(name, 0) for name in names}


def _stored(retained: Retained) -> dict[str, Any]:
    until = None if retained.until is None else retained.until.isoformat()
    return {"reason": retained.reason, "until": until, "count": retained.count}


def _pause(attempts: int) -> timedelta:
    """Return how long a feature is left alone: 1, 2, 4 … minutes, and a day at most."""
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(_FIRST_PAUSE * doublings, _LONGEST_PAUSE)
