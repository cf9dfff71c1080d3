"""Checks of what a feature exports and erases of persons."""

from collections.abc import Iterator

from flask import Flask

from mercato_kit import work
from mercato_kit.db import new_id
from mercato_kit.feature import Feature
from mercato_kit.privacy import Erased, PersonalData, Subject
from mercato_testing.privacy import exported


def known_strangers(app: Flask, feature: Feature) -> Iterator[str]:
    """Find what the feature exports or erases of persons of whom it has nothing."""
    data = feature.personal_data
    if data is None:
        return
    words = [referent.word for referent in feature.referents]
    for subject in (
        Subject(new_id()),
        Subject(emails=frozenset({"stranger@example.com"})),
        Subject(refs={word: frozenset({new_id()}) for word in words}),
    ):
        with app.app_context():
            yield from _findings(data, subject)


def _findings(data: PersonalData, subject: Subject) -> Iterator[str]:
    found = work.run(lambda: exported(data, subject), read_only=True)
    if any(found.values()):
        yield f"export: {subject} is a stranger, and gets {', '.join(found)}"
    if data.erase is None:
        return
    erase = data.erase
    erased: object = work.run(lambda: erase(subject))
    if not isinstance(erased, Erased):
        yield f"erase: it returns {erased!r}, not Erased(…)"
    elif any(erased.counts.values()) or erased.ids or erased.waiting:
        yield f"erase: {subject} is a stranger, and {erased} was erased"
