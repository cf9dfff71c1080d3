import pytest
import sqlalchemy as sa

from mercato_contracts.second_factor import ClonedAuthenticator
from mercato_kit.db import session
from mercato_mfa import services
from mercato_mfa.models import Passkey, Totp

from . import factories
from .authenticator import BACKED_UP, ELIGIBLE, PRESENT, Authenticator

SKEWS = [(-3, False), (0, True), (1, True), (3, False)]
"""Half minutes that a clock is ahead, and whether its code counts."""

CHALLENGE = "n2CfZlFKt3Ibm4pYhpmLqg"


@pytest.fixture
def caller():
    """A person without a factor."""
    return factories.owner(acr=1)


@pytest.fixture
def answer(commit, caller):
    """A function that lets an authenticator answer, and returns what is proved."""

    def ask(authenticator, *, user=caller, challenge=CHALLENGE):
        options = commit(services.begin, user.sub, "passkey", challenge)
        return commit(services.verify, user.sub, "passkey", CHALLENGE, authenticator.get(options))

    return ask


class TestTotp:
    @pytest.mark.parametrize(
        ("offset", "is_right"), [(-2, False), (-1, True), (0, True), (2, False)]
    )
    def test_allows_half_a_minute(self, commit, caller, offset, is_right):
        """The codes of the half minutes before and after count, those further away do not."""
        secret = commit(factories.add_totp, caller.sub)

        proof = commit(
            services.verify, caller.sub, "totp", CHALLENGE, factories.code_of(secret, offset)
        )

        assert (proof is not None) is is_right

    def test_takes_no_older_code(self, commit, caller):
        """After a code, those before it are used up as well."""
        secret = commit(factories.add_totp, caller.sub)
        newer, older = factories.code_of(secret), factories.code_of(secret, -1)

        proofs = [
            commit(services.verify, caller.sub, "totp", CHALLENGE, code) for code in (newer, older)
        ]

        assert [proof is not None for proof in proofs] == [True, False]

    def test_takes_two_statements(self, commit, caller, statements):
        """The secrets are read, and the code is used up."""
        code = factories.code_of(commit(factories.add_totp, caller.sub))

        with statements as sent:
            commit(services.verify, caller.sub, "totp", CHALLENGE, code)

        assert len(sent) == 2, sent

    def test_reads_the_code_in_groups(self, commit, caller):
        """Apps show codes as two groups of three."""
        code = factories.code_of(commit(factories.add_totp, caller.sub))

        grouped = f"{code[:3]} {code[3:]}"

        assert commit(services.verify, caller.sub, "totp", CHALLENGE, grouped)

    def test_opens_secrets_of_the_key_before(self, commit, caller, server_key):
        """After the server key was changed, apps work on while the previous key is accepted."""
        secret = commit(factories.add_totp, caller.sub)

        server_key.change()

        code = factories.code_of(secret)
        assert commit(services.verify, caller.sub, "totp", CHALLENGE, code)

    def test_counts_once_confirmed(self, commit, caller):
        """An app that waits for its first code does not count as a factor."""
        secret = commit(factories.add_totp, caller.sub, confirmed_at=None)

        code = factories.code_of(secret)

        assert commit(services.verify, caller.sub, "totp", CHALLENGE, code) is None
        assert commit(lambda: session.scalar(sa.select(Totp.last_step))) == 0


class TestPasskey:
    def test_proves_a_key_of_one_device(self, commit, caller, authenticator, answer):
        """The answer of a device that counts is right again and again, as its counter grows."""
        passkey = commit(factories.add_passkey, caller, authenticator)

        proofs = [answer(authenticator) for _ in range(2)]

        assert {(proof.amr, proof.factor_id) for proof in proofs} == {(("hwk",), passkey.id)}
        kept = commit(lambda: session.scalars(sa.select(Passkey)).one())
        assert (kept.sign_count, kept.used_at is not None) == (3, True)

    def test_refuses_a_copy(self, commit, caller, authenticator, answer):
        """A counter that does not grow means that there is another device with the key."""
        commit(factories.add_passkey, caller, authenticator)
        answer(authenticator)

        authenticator.count -= 1

        with pytest.raises(ClonedAuthenticator):
            answer(authenticator)

    def test_refuses_a_copy_that_stops_to_count(self, commit, caller, authenticator, answer):
        """Neither does a counter of 0 after others."""
        commit(factories.add_passkey, caller, authenticator)

        authenticator.counts, authenticator.count = False, 0

        with pytest.raises(ClonedAuthenticator):
            answer(authenticator)

    @pytest.mark.parametrize("synced", [True, False])
    def test_takes_keys_that_do_not_count(self, commit, caller, answer, synced):
        """Many authenticators always say 0."""
        authenticator = Authenticator(counts=False, synced=synced)
        commit(factories.add_passkey, caller, authenticator)

        assert answer(authenticator).amr == (("swk",) if synced else ("hwk",))
        assert answer(authenticator)

    def test_takes_synced_keys_that_count_apart(self, commit, caller, answer):
        """Devices that share a synced key count on their own, so the counter may go back."""
        authenticator = Authenticator(synced=True)
        commit(factories.add_passkey, caller, authenticator)
        authenticator.count = 40
        answer(authenticator)

        authenticator.count = 7

        assert answer(authenticator)

    def test_refuses_a_key_that_becomes_synced(self, commit, caller, authenticator, answer):
        """A copy cannot say that it may be copied: that is settled when the key is made."""
        commit(factories.add_passkey, caller, authenticator)

        authenticator.flags |= ELIGIBLE | BACKED_UP

        assert answer(authenticator) is None

    @pytest.mark.parametrize(
        "members",
        [
            {"origin": "https://localhost.evil.example"},
            {"flags": PRESENT},
            {"user_handle": "c29tZWJvZHkgZWxzZQ"},
            {"key": Authenticator().key},
        ],
    )
    def test_refuses_what_is_wrong(self, commit, caller, authenticator, answer, members):
        """Another page, no verification, another owner and another key prove nothing."""
        commit(factories.add_passkey, caller, authenticator)

        vars(authenticator).update(members)

        assert answer(authenticator) is None

    def test_refuses_another_challenge(self, commit, caller, authenticator, answer):
        """An answer is for the challenge that it was made for."""
        commit(factories.add_passkey, caller, authenticator)

        assert answer(authenticator, challenge="another challenge") is None

    def test_is_of_its_account(self, commit, caller, authenticator, answer):
        """The passkey of one account proves nothing for another one that has its own."""
        other = factories.owner(acr=1)
        commit(factories.add_passkey, other, Authenticator())
        commit(factories.add_passkey, caller, authenticator)

        assert answer(authenticator, user=other) is None
        authenticator.user_handle = None
        assert answer(authenticator, user=other) is None
