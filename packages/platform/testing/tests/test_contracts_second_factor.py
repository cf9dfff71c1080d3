"""The suite of the contract second_factor."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from mercato_contracts.second_factor import Proof
from mercato_kit.db import new_id, session
from mercato_testing.contracts import Enrolled, SecondFactorSuite
from mercato_testing.samples.notes import feature  # noqa: F401 - under test


class Memory:
    """Keeps one account with a secret word, which it accepts once for a challenge."""

    def __init__(self):
        self.user_id, self.added, self.used = new_id(), datetime.now(UTC), set()

    def methods(self, user_id):
        """Return ``word`` for the account."""
        return ("word",) if user_id == self.user_id else ()

    def begin(self, user_id, method, challenge):
        """Return the challenge."""
        del user_id, method
        return {"challenge": challenge}

    def verify(self, user_id, method, challenge, answer):
        """Accept the challenge turned round."""
        is_right = (method, answer) == ("word", challenge[::-1]) and answer not in self.used
        if not is_right or not self.methods(user_id):
            return None
        self.used.add(answer)
        return Proof(("kba",))

    def remove_all(self, user_id, since=None):
        """Forget the account."""
        if user_id == self.user_id and (since is None or self.added >= since):
            self.user_id = None


def right(begun):
    """Return the right answer."""
    return begun["challenge"][::-1]


def run(function, *arguments):
    """Call a function, as ``commit`` does."""
    return function(*arguments)


def spoiled(**members):
    """Return the suite of a provider with other members, and its account."""
    memory = type("Spoiled", (Memory,), members)()
    suite = type("Suite", (SecondFactorSuite,), {"provider": lambda: memory})()
    return suite, Enrolled(memory.user_id, "word", right)


class TestAGoodProvider(SecondFactorSuite):
    @pytest.fixture
    def enrolled(self):
        """The account of a new provider."""
        memory = Memory()
        type(self).provider = lambda: memory
        return Enrolled(memory.user_id, "word", right)


ALWAYS = {"verify": lambda *_: Proof(("kba",))}


class TestSecondFactorSuite:
    @pytest.mark.parametrize(
        ("test", "members"),
        [
            ("test_names_the_methods", {"methods": lambda *_: ()}),
            ("test_names_the_methods", {"methods": lambda *_: ("word",)}),
            ("test_begins_with_json", {"begin": lambda *_: {"challenge": b"x"}}),
            ("test_begins_with_json", {"begin": lambda *_: {"challenge": ("x",)}}),
            ("test_accepts_an_answer_once", {"verify": lambda *_: None}),
            ("test_accepts_an_answer_once", ALWAYS),
            ("test_refuses_the_answer_of_another_account", ALWAYS),
            ("test_refuses_what_is_malformed", ALWAYS),
            ("test_removes_factors", {"remove_all": lambda *_: None}),
            ("test_removes_factors", {"methods": lambda *_: ()}),
        ],
    )
    def test_finds_faults(self, test, members):
        """A provider that forgets, invents or accepts too much fails the test of that promise."""
        suite, enrolled = spoiled(**members)

        with pytest.raises(pytest.fail.Exception):
            getattr(suite, test)(run, enrolled)

    def test_finds_two_statements(self, commit, statements):
        """More statements than one are found."""

        def twice(memory, user_id):
            for _ in range(2):
                session.execute(sa.select(sa.literal(1)))
            return Memory.methods(memory, user_id)

        suite, enrolled = spoiled(methods=twice)

        with pytest.raises(pytest.fail.Exception, match="not one SELECT at most"):
            suite.test_sends_one_select_at_most(commit, statements, enrolled)
