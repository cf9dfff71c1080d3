"""What an erasure would do: it is done in each feature, and rolled back."""

from collections.abc import Iterator
from typing import NoReturn
from uuid import UUID

from mercato_database.history import KIT
from mercato_database.privacy.kit_data import ERASED
from mercato_database.privacy.participants import participants
from mercato_kit import work
from mercato_kit.privacy import Erased, PersonalData, Subject


class _RolledBackError(Exception):
    """Carries what was erased out of a unit of work that is rolled back."""

    def __init__(self, erased: Erased) -> None:
        self.erased = erased


def try_erasing(subject: Subject) -> Iterator[tuple[str, Erased | Exception]]:
    """Give what each feature would erase and leave, or the error that it raises."""
    ids: frozenset[UUID] = frozenset()
    for name, data in participants("erase").items():
        known = subject.joined(Subject(refs={ERASED: ids})) if name == KIT else subject
        found = _try(data, known)
        if isinstance(found, Erased):
            ids |= frozenset(found.ids)
        yield name, found


def _try(data: PersonalData, subject: Subject) -> Erased | Exception:
    def erase() -> NoReturn:
        raise _RolledBackError(data.erase(subject) if data.erase else Erased())

    try:
        work.run(erase)
    except _RolledBackError as rolled_back:
        return rolled_back.erased
    except Exception as error:  # noqa: BLE001 - the code of a feature may fail in any way
        return error
