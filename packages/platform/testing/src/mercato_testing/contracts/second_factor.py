"""The suite of the contract ``second_factor``."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest

from mercato_contracts.second_factor import Proof, SecondFactor
from mercato_kit.db import new_id, utc_now
from mercato_testing.contracts.statements import too_many
from mercato_testing.findings import assert_that, none_of
from mercato_testing.staged import Commit
from mercato_testing.statements import StatementCounter

CHALLENGE, OTHER_CHALLENGE = "n2CfZlFKt3Ibm4pYhpmLqg", "Yq7nAWxkxPzX2v1T0S0EJQ"

MALFORMED = (
    "",
    "x",
    "\x00",
    "000000",
    "null",
    "1e999",
    "[]",
    "[1]",
    "{}",
    '{"id": "x"}',
    "[" * 5000,
)
"""Answers that no factor has."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An account that has enrolled a factor.

    Args:
        user_id: The account.
        method: The method of the factor.
        answer: Returns the right answer to what ``begin`` returned; called once for each test.
    """

    user_id: UUID
    method: str
    answer: Callable[[Mapping[str, Any]], str]


class SecondFactorSuite:
    """Tests of a provider of second factors.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], SecondFactor]]

    @pytest.fixture
    def enrolled(self) -> Enrolled:
        """Return an account with a factor. Override this to enroll it."""
        raise pytest.UsageError("override the fixture 'enrolled': it enrolls a second factor")

    def test_names_the_methods(self, commit: Commit, enrolled: Enrolled) -> None:
        """An account has the method that it has enrolled, and an unknown one has none."""
        own, unknown = (commit(self._methods, one) for one in (enrolled.user_id, new_id()))

        assert_that(enrolled.method in own, f"{enrolled.method} is not in {own}")
        assert_that(not unknown, f"an unknown account has {unknown}")

    def test_begins_with_json(self, commit: Commit, enrolled: Enrolled) -> None:
        """What a client needs to answer is JSON, also for an unknown account or method."""
        begun = [
            commit(self._begin, user_id, method)
            for user_id in (enrolled.user_id, new_id())
            for method in (enrolled.method, "unknown")
        ]

        none_of(wrong_json(begun))

    def test_accepts_an_answer_once(self, commit: Commit, enrolled: Enrolled) -> None:
        """The right answer proves a method, and proves nothing for another challenge after it."""
        answer = self._answer(commit, enrolled)

        first = commit(self._verify, enrolled, CHALLENGE, answer)
        again = commit(self._verify, enrolled, OTHER_CHALLENGE, answer)

        assert_that(isinstance(first, Proof) and first.amr, f"the right answer proves {first}")
        assert_that(again is None, f"the same answer proves {again} again")

    def test_refuses_the_answer_of_another_account(
        self, commit: Commit, enrolled: Enrolled
    ) -> None:
        """An answer counts for the account that has enrolled the factor, and stays right for it."""
        answer = self._answer(commit, enrolled)
        other = Enrolled(new_id(), enrolled.method, enrolled.answer)

        proofs = [commit(self._verify, one, CHALLENGE, answer) for one in (other, enrolled)]

        assert_that(proofs[0] is None, f"another account proves {proofs[0]}")
        assert_that(proofs[1], "the answer was used up by another account")

    def test_refuses_what_is_malformed(self, commit: Commit, enrolled: Enrolled) -> None:
        """A text of another form proves nothing, and so does an unknown method."""
        unknown = Enrolled(enrolled.user_id, "unknown", enrolled.answer)

        proved = {
            f"{one.method} {answer[:20]!r}": proof
            for one in (enrolled, unknown)
            for answer in MALFORMED
            if (proof := commit(self._verify, one, CHALLENGE, answer)) is not None
        }

        assert_that(not proved, f"malformed answers prove something: {proved}")

    def test_removes_factors(self, commit: Commit, enrolled: Enrolled) -> None:
        """Factors that were added before a moment stay; without one, all are removed."""
        answer = self._answer(commit, enrolled)
        later = utc_now() + timedelta(minutes=1)

        commit(self._remove, enrolled.user_id, later)
        kept = commit(self._methods, enrolled.user_id)
        commit(self._remove, enrolled.user_id, None)

        left = commit(self._methods, enrolled.user_id)
        proof = commit(self._verify, enrolled, CHALLENGE, answer)
        assert_that(kept, "a factor that was added before was removed")
        assert_that(not left, f"after remove_all() there is {left}")
        assert_that(proof is None, f"a removed factor proves {proof}")

    def test_sends_one_select_at_most(
        self, commit: Commit, statements: StatementCounter, enrolled: Enrolled
    ) -> None:
        """The methods take 0 or 1 statements, and so does the beginning of one."""
        none_of(too_many(statements, lambda: commit(self._methods, enrolled.user_id)))
        begin = (self._begin, enrolled.user_id, enrolled.method)
        none_of(too_many(statements, lambda: commit(*begin)))

    def _answer(self, commit: Commit, enrolled: Enrolled) -> str:
        return enrolled.answer(commit(self._begin, enrolled.user_id, enrolled.method))

    def _methods(self, user_id: UUID) -> tuple[str, ...]:
        return type(self).provider().methods(user_id)

    def _begin(self, user_id: UUID, method: str) -> Mapping[str, Any]:
        return type(self).provider().begin(user_id, method, CHALLENGE)

    def _verify(self, enrolled: Enrolled, challenge: str, answer: str) -> Proof | None:
        provider = type(self).provider()
        return provider.verify(enrolled.user_id, enrolled.method, challenge, answer)

    def _remove(self, user_id: UUID, since: datetime | None) -> None:
        type(self).provider().remove_all(user_id, since)


def wrong_json(begun: Collection[Mapping[str, Any]]) -> Iterator[str]:
    """Find what JSON cannot say, or says otherwise."""
    for members in begun:
        try:
            if json.loads(json.dumps(dict(members))) != dict(members):
                yield f"JSON changes {members}"
        except (TypeError, ValueError) as error:
            yield f"{members}: {error}"
