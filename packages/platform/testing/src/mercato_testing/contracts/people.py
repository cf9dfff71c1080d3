"""The suite of the contract ``people``."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import ClassVar
from uuid import UUID

import pytest

from mercato_contracts.people import People, Person
from mercato_kit.db import new_id
from mercato_testing.contracts.statements import too_many
from mercato_testing.findings import assert_that, none_of
from mercato_testing.staged import Commit
from mercato_testing.statements import StatementCounter


class PeopleSuite:
    """Tests of a provider of people.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], People]]

    @pytest.fixture
    def known(self) -> Collection[UUID]:
        """Return the ids of two or more accounts. Override this to make them."""
        raise pytest.UsageError("override the fixture 'known': it makes two accounts or more")

    @pytest.fixture
    def erased(self) -> UUID:
        """Return the id of an account whose owner's data was erased. Override this to make it."""
        raise pytest.UsageError("override the fixture 'erased': it makes an erased account")

    def test_returns_people_by_id(self, commit: Commit, known: Collection[UUID]) -> None:
        """Each account has its owner, with an address."""
        none_of(wrong_people(known, commit(self._get, known)))

    def test_leaves_out_the_erased_and_the_unknown(
        self, commit: Commit, known: Collection[UUID], erased: UUID
    ) -> None:
        """There is no owner of an erased account, nor of an id without an account."""
        people = commit(self._get, [*known, erased, new_id()])

        assert_that(people.keys() == set(known), f"{sorted(people)} instead of {sorted(known)}")

    def test_answers_an_empty_question(self, commit: Commit) -> None:
        """For no ids, there are no people."""
        assert_that(not commit(self._get, []), "there are people for no ids")

    def test_sends_one_select_at_most(
        self, commit: Commit, statements: StatementCounter, known: Collection[UUID]
    ) -> None:
        """The number of statements is 0 or 1, whatever the number of accounts."""
        none_of(too_many(statements, lambda: commit(self._get, known)))

    def _get(self, ids: Collection[UUID]) -> Mapping[UUID, Person]:
        return type(self).provider().get_many(ids)


def wrong_people(ids: Collection[UUID], people: Mapping[UUID, Person]) -> Iterator[str]:
    """Find accounts without an owner, owners of other accounts, and what is no address."""
    yield from (f"{missing} is missing" for missing in set(ids) - people.keys())
    for person_id, person in people.items():
        if person.id != person_id:
            yield f"{person_id} has the owner of {person.id}"
        if "@" not in person.email:
            yield f"{person_id}: email is {person.email!r}"
