"""What the kit's tables hold of a person: stored answers, errors of deliveries, exports."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_kit.db import session
from mercato_kit.models import (
    LIVE,
    Bucket,
    Erasure,
    IdempotencyKey,
    InboxDelivery,
    JobHistory,
    KnownFeature,
    OutboxEvent,
    PrivacyPart,
    PrivacyRequest,
    PrivacyStep,
)
from mercato_kit.privacy import Erased, PersonalData, Subject, columns
from mercato_kit.privacy.subjects import unseal

ERASED = "kit.erasure"
"""The word of the ids that the features have erased, in the subject that :func:`erase` is given."""

_ANSWER = sa.tuple_(IdempotencyKey.scope, IdempotencyKey.key)
_DELIVERY = sa.tuple_(InboxDelivery.consumer, InboxDelivery.event_id)

_WHOLE = r"(?:(?<![\w.+-])|(?<=\\[nrt])){}(?![\w-]|\.\w)"
"""An address that is no part of a longer one; a line of JSON may end before it."""

_AT_ONCE = 100
"""How many ids and addresses one statement looks for."""


def erase(subject: Subject) -> Erased:
    """Erase stored answers, errors and exports of a person, and those that name an erased thing.

    The keys of the answers stay, so that a repeated request has no second effect.
    """
    accounts = [] if subject.account is None else [subject.account]
    ids = sorted({*accounts, *chain.from_iterable(subject.refs.values())})
    answers = errors = 0
    if subject.account is not None:
        # An API key of the account has scopes of its own, which begin with the account, too.
        answers += _erase_answers(IdempotencyKey.scope.startswith(str(subject.account)))
    until = sa.true() if subject.until is None else IdempotencyKey.created_at <= subject.until
    for words in _batches([*map(str, ids), *map(_in_json, sorted(subject.emails))]):
        answers += _erase_answers(
            sa.and_(until, _names_any(_ANSWER, IdempotencyKey.response_body, words))
        )
        errors += _erase_errors(_names_any(_DELIVERY, InboxDelivery.last_error, words))
    for some in _batches(ids):
        events = sa.select(OutboxEvent.id).where(OutboxEvent.aggregate_id.in_(some))
        errors += _erase_errors(InboxDelivery.event_id.in_(events))
    counts = {"answers": answers, "errors": errors, "exports": _erase_exports(subject)}
    return Erased(counts={name: count for name, count in counts.items() if count})


PERSONAL_DATA = PersonalData(
    columns=columns(
        erase=[
            IdempotencyKey.response_headers,
            IdempotencyKey.response_body,
            InboxDelivery.last_error,
            PrivacyRequest.subject_sealed,
            PrivacyPart.body,
        ],
        keep=[
            Bucket.key,
            IdempotencyKey.scope,
            IdempotencyKey.key,
            IdempotencyKey.request_hash,
            OutboxEvent.topic,
            OutboxEvent.aggregate_type,
            OutboxEvent.payload,
            InboxDelivery.consumer,
            PrivacyRequest.kind,
            PrivacyRequest.subject_key,
            PrivacyRequest.status,
            PrivacyRequest.actor,
            PrivacyStep.feature,
            PrivacyStep.status,
            PrivacyStep.counts,
            PrivacyStep.retained,
            PrivacyStep.error_code,
            PrivacyPart.feature,
            Erasure.feature,
        ],
        none=[
            JobHistory.job,
            KnownFeature.feature,
            KnownFeature.distribution,
            KnownFeature.wheel_version,
            KnownFeature.schema_head,
            KnownFeature.tables,
            KnownFeature.revisions,
            KnownFeature.referents,
            KnownFeature.soft_references,
        ],
    ),
    erase=erase,
)


def _erase_answers(which: sa.ColumnElement[bool]) -> int:
    """Erase stored answers; their keys answer 410 from now on."""
    erased = session.execute(
        sa.update(IdempotencyKey)
        .where(IdempotencyKey.response_body.is_not(None), which)
        .values(response_status=410, response_headers=None, response_body=None)
        .returning(IdempotencyKey.key)
        .execution_options(synchronize_session=False)
    )
    return len(erased.all())


def _erase_errors(which: sa.ColumnElement[bool]) -> int:
    erased = session.execute(
        sa.update(InboxDelivery)
        .where(InboxDelivery.last_error.is_not(None), which)
        .values(last_error=None)
        .returning(InboxDelivery.event_id)
        .execution_options(synchronize_session=False)
    )
    return len(erased.all())


def _erase_exports(subject: Subject) -> int:
    """Delete the exports of a person, and cancel those that are open."""
    exports = sa.select(PrivacyRequest).where(
        PrivacyRequest.kind == "export", PrivacyRequest.subject_sealed.is_not(None)
    )
    if subject.until is not None:
        exports = exports.where(PrivacyRequest.created_at <= subject.until)
    own = [row for row in session.scalars(exports) if _is_of(row, subject)]
    for row in own:
        row.subject_sealed = row.due_at = None
    ids = [row.id for row in own]
    session.flush()
    session.execute(sa.delete(PrivacyPart).where(PrivacyPart.request_id.in_(ids)))
    canceled = sa.update(PrivacyRequest).where(PrivacyRequest.id.in_(ids), LIVE)
    session.execute(canceled.values(status="canceled"))
    return len(own)


def _is_of(row: PrivacyRequest, subject: Subject) -> bool:
    return row.subject_sealed is not None and unseal(row.subject_sealed).overlaps(subject)


def _names_any(
    key: sa.Tuple, column: InstrumentedAttribute[str | None], words: Sequence[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that a text has one of some words, in capital or small letters.

    The address of another person may end or begin like that of this one.

    Args:
        key: The primary key of the rows.
        column: The text.
        words: Ids and addresses.
    """
    text = sa.func.lower(column)
    has_letters = sa.or_(*(text.contains(word, autoescape=True) for word in words))
    whole = re.compile("|".join(map(_pattern, words)), re.IGNORECASE)
    rows = session.execute(sa.select(column, *key.clauses).where(has_letters))
    return key.in_([tuple(of_row) for found, *of_row in rows if whole.search(found)])


def _pattern(word: str) -> str:
    escaped = re.escape(word)
    return _WHOLE.format(escaped) if "@" in word else escaped


def _in_json(text: str) -> str:
    """Return a text as it is inside a string of JSON."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _batches(words: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(words), _AT_ONCE):
        yield words[start : start + _AT_ONCE]
