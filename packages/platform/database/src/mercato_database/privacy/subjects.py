"""Subjects as operators name them, and as the record of erasures does."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import reduce
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_database.privacy.participants import has_accounts
from mercato_kit.composition import current_composition
from mercato_kit.db import session
from mercato_kit.emails import canonical_email
from mercato_kit.models import Erasure
from mercato_kit.privacy import Subject
from mercato_kit.schemas import render_instant


def find_subject(text: str) -> Subject | None:
    """Return whom an operator names by an id, an address, or a text such as ``order:1001``.

    An id or address that no feature knows names itself, so that what is left of a person who was
    half erased is found. None if *text* is neither, and no feature knows it.
    """
    features = (feature.personal_data for feature in current_composition().features)
    finders = [data.find for data in features if data is not None and data.find is not None]
    found = [subject for find in finders if (subject := find(text)) is not None]
    return reduce(Subject.joined, found) if found else _by_itself(text)


def record(since: datetime | None = None) -> Iterator[dict[str, str]]:
    """Give the ids of what was erased, oldest first; since a time, if given."""
    rows = sa.select(Erasure).order_by(Erasure.erased_at, Erasure.feature, Erasure.ref)
    if since is not None:
        rows = rows.where(Erasure.erased_at >= since)
    for row in session.scalars(rows):
        yield {
            "request": str(row.request_id),
            "feature": row.feature,
            "ref": str(row.ref),
            "erased_at": render_instant(row.erased_at),
        }


def subjects_in(lines: Iterable[Mapping[str, Any]]) -> Iterator[Subject]:
    """Give the subjects of recorded erasures, one for each request.

    An account is named by its id and by what the features know of it now; a thing by its id, by the
    words of all referents of its feature.
    """
    requests: dict[str, list[Mapping[str, Any]]] = {}
    for line in lines:
        requests.setdefault(str(line["request"]), []).append(line)
    for erased in requests.values():
        yield reduce(Subject.joined, map(_erased, erased))


def _erased(line: Mapping[str, Any]) -> Subject:
    id_ = UUID(line["ref"])
    features = {feature.name: feature for feature in current_composition().features}
    feature = features.get(line["feature"])
    if feature is None:
        return Subject()
    if has_accounts(feature):
        return find_subject(str(id_)) or Subject(id_)
    return Subject(refs={one.word: frozenset({id_}) for one in feature.referents})


def _by_itself(text: str) -> Subject | None:
    try:
        return Subject(UUID(text))
    except ValueError:
        return Subject(emails=frozenset({canonical_email(text)})) if "@" in text else None


def read_record(text: str) -> list[dict[str, Any]]:
    """Return the lines of a record of erasures.

    Raises:
        ValueError: A line is not one of :func:`record`.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    return [_recorded(line) for line in lines]


def _recorded(line: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(line)
        UUID(found["ref"])
        UUID(found["request"])
        found["feature"]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a line of erasures: {line}") from error
    return found
