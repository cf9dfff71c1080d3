"""What a feature exports of a person, for its tests."""

from typing import Any

from mercato_kit.privacy import PersonalData, Subject


def exported(data: PersonalData, subject: Subject) -> dict[str, list[Any]]:
    """Return the lists of a feature's file in an export, by name. Runs in a unit of work."""
    if data.export is None:
        return {}
    lists: dict[str, list[Any]] = {}
    for part in data.export(subject):
        lists.setdefault(part.name, []).extend(part.items)
    return lists
