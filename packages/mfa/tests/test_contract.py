import pytest

from mercato_mfa.provides import OwnFactors
from mercato_testing.contracts import Enrolled, SecondFactorSuite

from . import factories
from .authenticator import Authenticator


class TestTotp(SecondFactorSuite):
    provider = OwnFactors

    @pytest.fixture
    def enrolled(self, commit):
        """An account with an authenticator app."""
        user_id = factories.owner().sub
        secret = commit(factories.add_totp, user_id)
        return Enrolled(user_id, "totp", lambda _: factories.code_of(secret))


class TestRecoveryCodes(SecondFactorSuite):
    provider = OwnFactors

    @pytest.fixture
    def enrolled(self, commit):
        """An account with an authenticator app and recovery codes."""
        user_id = factories.owner().sub
        codes = commit(factories.add_codes, user_id)
        return Enrolled(user_id, "recovery_code", lambda _: codes[0])


class TestPasskeys(SecondFactorSuite):
    provider = OwnFactors

    @pytest.fixture
    def enrolled(self, commit):
        """An account with a passkey."""
        caller, authenticator = factories.owner(), Authenticator()
        commit(factories.add_passkey, caller, authenticator)
        return Enrolled(caller.sub, "passkey", authenticator.get)
