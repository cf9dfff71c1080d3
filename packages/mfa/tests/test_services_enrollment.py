import base64

import pytest
import sqlalchemy as sa

from mercato_kit.db import new_id, session
from mercato_kit.errors import Invalid, NotFound, StepUpRequired
from mercato_mfa import services
from mercato_mfa.errors import EnrollmentExpired, NoFactor, PasskeyTaken, TooManyFactors
from mercato_mfa.models import Passkey, RecoveryCode, Totp
from mercato_mfa.services import changes

from . import factories
from .authenticator import PRESENT, Authenticator


@pytest.fixture
def owner():
    """A person who has signed in with the password alone, and has no factor."""
    return factories.owner(acr=1)


def secret_of(new):
    """Return the secret that an app reads from a new one."""
    return base64.b32decode(new.secret)


def counted(model):
    """Return the number of rows."""
    return session.scalar(sa.select(sa.func.count()).select_from(model))


class TestTotp:
    def test_counts_after_its_first_code(self, commit, owner, book):
        """An app counts as a factor once its owner has sent a code of it; its owner gets a mail."""
        new = commit(services.begin_totp, owner, "Phone")
        before = commit(services.methods, owner.sub)

        commit(services.confirm_totp, owner, new.id, factories.code_of(secret_of(new)))

        assert (before, commit(services.methods, owner.sub)) == ((), ("totp",))
        [(method, added)] = book.changes[owner.sub]
        assert (method, added.amr, added.factor_id) == ("totp", ("otp",), new.id)

    def test_shows_the_secret_as_apps_read_it(self, commit, owner):
        """The URI has issuer and address, six digits and half a minute."""
        new = commit(services.begin_totp, owner, None)

        assert new.uri.startswith("otpauth://totp/Mercato:")
        assert f"secret={new.secret}" in new.uri
        assert len(secret_of(new)) == 20

    def test_stores_no_secret_in_clear(self, commit, owner):
        """The database has it sealed."""
        new = commit(services.begin_totp, owner, None)

        [sealed] = commit(lambda: session.scalars(sa.select(Totp.secret_sealed)).all())
        assert secret_of(new) not in sealed

    def test_refuses_a_wrong_code(self, commit, owner):
        """A code of another half hour, and no code, add nothing; the app waits on."""
        new = commit(services.begin_totp, owner, None)

        for code in (factories.code_of(secret_of(new), offset=60), "abcdef", "١٢٣٤٥٦"):
            with pytest.raises(Invalid):
                commit(services.confirm_totp, owner, new.id, code)

        assert commit(services.confirm_totp, owner, new.id, factories.code_of(secret_of(new)))

    def test_does_not_take_the_first_code_again(self, commit, owner):
        """The code that has added the app is used up for logins."""
        new = commit(services.begin_totp, owner, None)
        code = factories.code_of(secret_of(new))
        commit(services.confirm_totp, owner, new.id, code)

        assert commit(services.verify, owner.sub, "totp", "x", code) is None

    def test_replaces_one_that_waits(self, commit, owner):
        """A second secret voids the first one, and others cannot confirm either."""
        first, second = (commit(services.begin_totp, owner, None) for _ in range(2))

        for caller, new in ((owner, first), (factories.owner(acr=1), second)):
            with pytest.raises(NotFound):
                commit(services.confirm_totp, caller, new.id, factories.code_of(secret_of(new)))

    def test_needs_the_first_factor_for_the_second(self, commit, owner):
        """An app that waits is not added by a session without the factor added meanwhile."""
        new = commit(services.begin_totp, owner, None)
        commit(factories.add_totp, owner.sub)

        with pytest.raises(StepUpRequired):
            commit(services.confirm_totp, owner, new.id, factories.code_of(secret_of(new)))

    def test_is_one_of_ten(self, commit):
        """An account may have ten apps."""
        owner = factories.owner()
        for _ in range(changes.MOST):
            commit(factories.add_totp, owner.sub)

        with pytest.raises(TooManyFactors):
            commit(services.begin_totp, owner, None)

    def test_is_forgotten_without_a_code(self, commit, owner, run_worker):
        """The worker deletes what waits for a day."""
        commit(services.begin_totp, owner, None)
        old = sa.text("UPDATE mfa_totp SET created_at = '2026-01-01 00:00:00.000000+00:00'")
        commit(lambda: session.execute(old))

        run_worker()

        assert commit(counted, Totp) == 0


class TestPasskey:
    def test_is_added(self, commit, owner, authenticator, book):
        """What the browser made is a factor from then on."""
        passkey = commit(factories.add_passkey, owner, authenticator)

        assert commit(services.methods, owner.sub) == ("passkey",)
        assert (passkey.backed_up, passkey.transports) == (False, ["internal"])
        [(method, added)] = book.changes[owner.sub]
        assert (method, added.amr) == ("passkey", ("hwk",))

    def test_is_asked_for_with_verification(self, commit, owner, authenticator):
        """The options name the shop, ask for a PIN or a finger, and exclude known passkeys."""
        commit(factories.add_passkey, owner, authenticator)
        options = commit(services.begin_passkey, factories.owner_of(owner)).options

        assert options["rp"] == {"id": "localhost", "name": "Mercato"}
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert len(options["excludeCredentials"]) == 1

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda made: "{}",
            lambda made: "[" * 5000,
            lambda made: made.replace("public-key", "private-key"),
            lambda made: factories.spoil(made, attestationObject="AAAA"),
            lambda made: factories.spoil(made, clientDataJSON="e30"),
        ],
    )
    def test_refuses_what_is_malformed(self, commit, owner, authenticator, spoil):
        """An answer that is not of a passkey is refused as invalid input."""
        begun = commit(services.begin_passkey, owner)
        sent = spoil(authenticator.create(begun.options))

        with pytest.raises(Invalid):
            commit(services.add_passkey, owner, begun.challenge, sent, "Key")

    def test_refuses_an_id_that_is_too_long(self, commit, owner, authenticator):
        """An id of more bytes than WebAuthn allows is refused as input, before it is stored."""
        authenticator.credential_id = bytes(1024)

        with pytest.raises(Invalid):
            commit(factories.add_passkey, owner, authenticator)

    @pytest.mark.parametrize(
        "members", [{"origin": "https://evil.example"}, {"flags": PRESENT}, {"flags": 0}]
    )
    def test_refuses_other_pages_and_no_verification(self, commit, owner, members):
        """A page of another origin, or a key without PIN and finger, adds nothing."""
        authenticator = Authenticator()
        vars(authenticator).update(members)

        with pytest.raises(Invalid):
            commit(factories.add_passkey, owner, authenticator)

    def test_takes_a_challenge_once(self, commit, owner, authenticator):
        """A challenge of another account, an unknown and a used one are refused."""
        begun = commit(services.begin_passkey, owner)
        made = authenticator.create(begun.options)
        tries = [(factories.owner(acr=1), begun.challenge), (owner, "x")]

        for caller, challenge in tries:
            with pytest.raises(EnrollmentExpired):
                commit(services.add_passkey, caller, challenge, made, "Key")
        commit(services.add_passkey, owner, begun.challenge, made, "Key")
        with pytest.raises(EnrollmentExpired):
            commit(services.add_passkey, factories.owner_of(owner), begun.challenge, made, "Key")

    def test_is_added_once(self, commit, authenticator):
        """A passkey belongs to one account."""
        commit(factories.add_passkey, factories.owner(acr=1), authenticator)

        with pytest.raises(PasskeyTaken):
            commit(factories.add_passkey, factories.owner(acr=1), authenticator)


class TestRecoveryCodes:
    def test_replace_those_before(self, commit):
        """Ten codes are made, and only the newest ten work."""
        owner = factories.owner()
        old = commit(factories.add_codes, owner.sub)

        new = commit(services.make_recovery_codes, owner)

        assert (len(set(new)), commit(counted, RecoveryCode)) == (10, 10)
        assert commit(services.verify, owner.sub, "recovery_code", "x", old[0]) is None
        assert commit(services.verify, owner.sub, "recovery_code", "x", new[0]).is_recovery

    def test_are_read_in_any_spelling(self, commit):
        """Small letters, spaces and no groups do not matter."""
        owner = factories.owner()
        code, *_ = commit(factories.add_codes, owner.sub)

        typed = f" {code.lower().replace('-', ' ')} "

        assert commit(services.verify, owner.sub, "recovery_code", "x", typed)

    def test_need_a_factor(self, commit, owner):
        """They replace a factor, so there must be one."""
        with pytest.raises(NoFactor):
            commit(services.make_recovery_codes, owner)

    def test_are_no_factor_alone(self, commit):
        """They go with the last app or passkey."""
        owner = factories.owner()
        commit(factories.add_codes, owner.sub)
        [app] = commit(services.list_factors, owner).factors

        commit(services.remove_factor, owner, app.id)

        assert commit(counted, RecoveryCode) == 0


class TestVoidFactors:
    def test_are_removed_with_the_first_new_one(self, commit, owner, authenticator, book):
        """Factors of an account that was reset while the feature was off do not come back."""
        commit(factories.add_codes, owner.sub)
        book.having.clear()

        commit(factories.add_passkey, owner, authenticator)

        assert commit(services.methods, owner.sub) == ("passkey",)
        assert (commit(counted, Totp), commit(counted, RecoveryCode)) == (0, 0)


class TestRemoveAll:
    def test_keeps_other_accounts(self, commit, authenticator):
        """Only the account's own factors go."""
        mine, other = factories.owner(acr=1), factories.owner(acr=1)
        commit(factories.add_passkey, other, authenticator)
        commit(factories.add_codes, mine.sub)

        commit(services.remove_all, mine.sub)

        assert commit(services.methods, mine.sub) == ()
        assert (commit(counted, Passkey), commit(counted, RecoveryCode)) == (1, 0)
        commit(services.remove_all, new_id())
