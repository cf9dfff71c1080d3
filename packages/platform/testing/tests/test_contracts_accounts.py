"""The suite of the contract accounts."""

import pytest

from mercato_kit.db import new_id
from mercato_testing.contracts import AccountsSuite


class Memory:
    """Keeps the second factors of accounts, and open challenges."""

    def __init__(self):
        self.having, self.open = set(), {}

    def lock(self, user_id):
        """Return whether an account has a factor."""
        return user_id in self.having

    def begin_enrollment(self, user_id):
        """Open a challenge."""
        challenge = str(new_id())
        self.open[challenge] = user_id
        return challenge

    def finish_enrollment(self, user_id, challenge):
        """Close a challenge of an account."""
        if self.open.get(challenge) != user_id:
            return False
        del self.open[challenge]
        return True

    def factor_changed(self, user_id, *, has_factor, method, added=None):
        """Note it, and void the open challenges."""
        del method, added
        self.having = self.having | {user_id} if has_factor else self.having - {user_id}
        self.open = {one: owner for one, owner in self.open.items() if owner != user_id}


def run_as(_user_id, function, *arguments):
    """Call a function; the caller does not matter here."""
    return function(*arguments)


def suite_of(**members):
    """Return the suite of a provider with other members."""
    memory = type("Spoiled", (Memory,), members)()
    return type("Suite", (AccountsSuite,), {"provider": lambda: memory})()


class TestAGoodProvider(AccountsSuite):
    @pytest.fixture
    def two_accounts(self):
        """Two accounts of a new provider."""
        memory = Memory()
        type(self).provider = lambda: memory
        return new_id(), new_id()

    @pytest.fixture
    def as_owner(self):
        """Calls a function."""
        return run_as


class TestAccountsSuite:
    @pytest.mark.parametrize(
        ("test", "members"),
        [
            ("test_knows_who_has_a_factor", {"lock": lambda *_: False}),
            ("test_knows_who_has_a_factor", {"lock": lambda memory, _: bool(memory.having)}),
            ("test_opens_a_challenge_once", {"finish_enrollment": lambda *_: True}),
            ("test_opens_a_challenge_once", {"finish_enrollment": lambda *_: False}),
            ("test_voids_challenges_with_a_change", {"factor_changed": lambda *_, **__: None}),
        ],
    )
    def test_finds_faults(self, test, members):
        """A provider that forgets or accepts too much fails the test of that promise."""
        suite = suite_of(**members)

        with pytest.raises(pytest.fail.Exception):
            getattr(suite, test)(run_as, (new_id(), new_id()))
