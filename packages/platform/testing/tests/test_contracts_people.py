"""The suite of the contract people."""

import pytest
import sqlalchemy as sa

from mercato_contracts.people import Person
from mercato_kit.db import new_id, session
from mercato_testing.contracts import PeopleSuite
from mercato_testing.samples.notes import feature  # noqa: F401 - under test

KNOWN = [new_id(), new_id()]


class FixedPeople:
    """Knows two accounts."""

    def get_many(self, subjects):
        """Return the owners of known accounts."""
        return {
            one: Person(one, "ada@example.com", email_verified=True)
            for one in subjects
            if one in KNOWN
        }


def run(function, *arguments):
    """Call a function, as ``commit`` does."""
    return function(*arguments)


def suite_of(answer):
    """Return the suite of a provider that answers what a function of the ids returns."""

    class Spoiled(FixedPeople):
        def get_many(self, subjects):
            return answer(super().get_many(subjects), subjects)

    class Suite(PeopleSuite):
        provider = Spoiled

    return Suite()


class TestAGoodProvider(PeopleSuite):
    provider = FixedPeople

    @pytest.fixture
    def known(self):
        """The two accounts."""
        return KNOWN

    @pytest.fixture
    def erased(self):
        """An account that the provider does not know."""
        return new_id()


class TestPeopleSuite:
    @pytest.mark.parametrize(
        "answer",
        [
            lambda _people, _ids: {},
            lambda people, _ids: dict.fromkeys(people, people[KNOWN[0]]),
            lambda people, _ids: {one: Person(one, "", email_verified=True) for one in people},
        ],
    )
    def test_finds_wrong_people(self, answer):
        """A missing person, the owner of another account and a missing address are found."""
        with pytest.raises(pytest.fail.Exception):
            suite_of(answer).test_returns_people_by_id(run, KNOWN)

    def test_finds_people_who_are_not_known(self):
        """An owner of an erased account is found, and so is an answer to no question."""
        suite = suite_of(lambda people, ids: people | dict.fromkeys(ids or KNOWN))

        with pytest.raises(pytest.fail.Exception, match=" instead of "):
            suite.test_leaves_out_the_erased_and_the_unknown(run, KNOWN, new_id())
        with pytest.raises(pytest.fail.Exception, match="no ids"):
            suite.test_answers_an_empty_question(run)

    def test_finds_a_statement_for_each_account(self, commit, statements):
        """More statements than one are found."""

        def one_by_one(people, ids):
            for _ in ids:
                session.execute(sa.select(sa.literal(1)))
            return people

        with pytest.raises(pytest.fail.Exception, match="not one SELECT at most"):
            suite_of(one_by_one).test_sends_one_select_at_most(commit, statements, KNOWN)
