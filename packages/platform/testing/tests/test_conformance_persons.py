"""The check of what features export and erase of strangers."""

import dataclasses

import pytest

from mercato_kit.privacy import Erased, Part, PersonalData, Retained
from mercato_testing.conformance import persons
from mercato_testing.samples import notes

feature = notes.feature


def with_data(**functions):
    """Return the feature with other functions."""
    data = PersonalData(notes.feature.personal_data.columns, **functions)
    return dataclasses.replace(notes.feature, personal_data=data)


class TestKnownStrangers:
    def test_accepts_nothing(self, app):
        """A feature without data of persons exports and erases nothing."""
        assert list(persons.known_strangers(app, notes.feature)) == []
        fits = with_data(export=lambda _: [Part("notes", [])], erase=lambda _: Erased())
        assert list(persons.known_strangers(app, fits)) == []

    @pytest.mark.parametrize(
        ("functions", "expected"),
        [
            ({"export": lambda _: [Part("notes", ["all"])]}, "is a stranger, and gets notes"),
            ({"erase": lambda _: Erased(counts={"notes": 2})}, "is a stranger, and Erased"),
            ({"erase": lambda _: Erased(waiting=[Retained("a", None, 1)])}, "is a stranger"),
            ({"erase": lambda _: None}, "it returns None, not Erased"),
        ],
    )
    def test_finds_what_strangers_get(self, app, functions, expected):
        """Data of all persons, and a function that returns nothing, are found for each subject."""
        found = list(persons.known_strangers(app, with_data(**functions)))

        assert len(found) == 3
        assert expected in found[0]
