import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mercato_kit.tokens import LONGEST_TOKEN, MOST_TOKENS, Verified, VerifiedTokens


def verified(claims="claims", *, seconds=60.0):
    """Something known of a token that expires in some seconds."""
    return Verified(claims, "key", time.time() + seconds)


@pytest.fixture
def tokens():
    """No token is known yet."""
    return VerifiedTokens()


class TestVerifiedTokens:
    def test_finds_what_was_kept(self, tokens):
        """A token is known by all of its text, with what verified it."""
        tokens.keep("a.b.c", verified())

        assert tokens.find("a.b.c") == Verified("claims", "key", tokens.find("a.b.c").expires_at)
        assert tokens.find("a.b.d") is None

    def test_forgets_what_has_expired(self, tokens):
        """The time is compared at each lookup."""
        tokens.keep("old", verified(seconds=0))
        tokens.keep("new", verified())

        assert (tokens.find("old"), tokens.find("new").claims) == (None, "claims")

    def test_keeps_the_last_word(self, tokens):
        """A token that was verified again, by another key, is known by that."""
        tokens.keep("token", verified("by the old key"))
        tokens.keep("token", verified("by the new key"))

        assert tokens.find("token").claims == "by the new key"

    def test_is_bounded(self):
        """The oldest token is forgotten when there are too many."""
        tokens = VerifiedTokens(most=3)
        for name in "abcd":
            tokens.keep(name, verified(name))

        assert [name for name in "abcd" if tokens.find(name)] == ["b", "c", "d"]

    def test_frees_what_has_expired(self, tokens):
        """Tokens that have expired leave memory when the next one comes."""
        for number in range(10):
            tokens.keep(f"{number}", verified(seconds=-1))

        tokens.keep("new", verified())

        assert len(tokens._known) == 1

    def test_does_not_keep_long_tokens(self, tokens):
        """A token that would take much memory is verified each time."""
        tokens.keep("a" * (LONGEST_TOKEN + 1), verified())

        assert tokens.find("a" * (LONGEST_TOKEN + 1)) is None

    def test_does_not_keep_the_token_itself(self, tokens):
        """What is in memory cannot be sent as a token."""
        tokens.keep("a secret token", verified())

        assert all("secret" not in repr(known) for known in tokens._known.items())

    def test_is_safe_in_threads(self):
        """Threads that keep and find tokens at once never see a wrong one, nor an error."""
        tokens = VerifiedTokens(most=8)
        interval = sys.getswitchinterval()
        start = threading.Barrier(4)

        def use(place):
            start.wait()
            for number in range(500):
                name = f"{(number + place) % 16}"
                tokens.keep(name, verified(name))
                known = tokens.find(f"{number % 16}")
                assert known is None or known.claims == f"{number % 16}"

        sys.setswitchinterval(1e-6)
        try:
            with ThreadPoolExecutor(4) as threads:
                list(threads.map(use, range(4)))
        finally:
            sys.setswitchinterval(interval)

        assert len(tokens._known) <= 8

    def test_has_room_for_a_busy_shop(self, tokens):
        """Two thousand customers are known at once."""
        for number in range(MOST_TOKENS):
            tokens.keep(f"{number}", verified(number))

        assert (MOST_TOKENS, tokens.find("0").claims) == (2000, 0)
