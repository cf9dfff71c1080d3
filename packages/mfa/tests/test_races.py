"""What several callers do at the same time: fifty rounds each, on both databases."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mercato_mfa import services

from . import factories

ROUNDS = 50
CALLERS = 10


@pytest.fixture
def proofs_of(commit):
    """A function that sends one answer ten times at once, and returns the number of proofs."""
    with ThreadPoolExecutor(CALLERS) as threads:

        def send(user_id, method, answer):
            tried = threads.map(
                lambda _: commit(services.verify, user_id, method, "x", answer), range(CALLERS)
            )
            return sum(proof is not None for proof in tried)

        yield send


class TestVerify:
    def test_takes_a_code_of_an_app_once(self, commit, proofs_of):
        """One of ten has proved something, every time."""
        users = [factories.owner().sub for _ in range(ROUNDS)]
        secrets = [commit(factories.add_totp, user_id) for user_id in users]

        proved = [
            proofs_of(user_id, "totp", factories.code_of(secret))
            for user_id, secret in zip(users, secrets, strict=True)
        ]

        assert proved == [1] * ROUNDS

    def test_takes_a_recovery_code_once(self, commit, proofs_of):
        """One of ten has proved something, every time."""
        owners = [factories.owner().sub for _ in range(ROUNDS // CALLERS)]
        codes = {one: commit(factories.add_codes, one) for one in owners}

        proved = [
            proofs_of(user_id, "recovery_code", code)
            for user_id in owners
            for code in codes[user_id]
        ]

        assert proved == [1] * ROUNDS
