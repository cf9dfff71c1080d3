"""Mails are limited by address and by network; a known device has its own."""

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.models import Bucket

from . import factories

PATHS = ["/v1/users/verify-email/resend", "/v1/auth/login-link", "/v1/auth/password/forgot"]
OF_DEVICES = PATHS[1:]


@pytest.fixture
def ask(client):
    """A function that asks for a mail, and returns the status."""

    def post(path, email="alice@example.com", *, network="192.0.2.7", **members):
        body = {"email": email, **members}
        if path == "/v1/users":
            body |= factories.registration(email)
        environ = {"REMOTE_ADDR": network}
        return client.post(path, json=body, environ_base=environ).status_code

    return post


@pytest.mark.parametrize("path", [*PATHS, "/v1/users"])
class TestNetwork:
    def test_asks_for_ten_mails(self, ask, path):
        """A network asks for ten mails of a kind to any addresses; other networks go on."""
        answers = [ask(path, f"a{number}@example.com") for number in range(11)]

        assert answers == [202] * 10 + [429]
        assert ask(path, "b@example.com", network="192.0.2.8") == 202
        assert ask(path, "b@example.com", network="2001:db8::1") == 202


class TestAddress:
    @pytest.mark.parametrize("path", PATHS)
    def test_gets_one_mail_an_hour_after_five(self, ask, commit, path):
        """The networks of strangers share the mails of an address."""
        answers = [ask(path, network=f"192.0.2.{number}") for number in range(6)]
        hour_ago = sa.update(Bucket).values(full_at=Bucket.full_at - 3600_000)
        commit(lambda: session.execute(hour_ago))
        later = [ask(path, network=f"198.51.100.{number}") for number in range(2)]

        assert answers == [202] * 5 + [429]
        assert later == [202, 429]


@pytest.mark.parametrize("path", OF_DEVICES)
class TestKnownDevice:
    def test_has_mails_of_its_own(self, ask, alice, path):
        """Strangers who use up the mails of an address do not use up those of its owner."""
        device = alice.tokens["device_token"]
        strangers = [ask(path) for _ in range(6)]

        owner = [ask(path, device_token=device) for _ in range(6)]

        assert strangers == [202] * 5 + [429]
        assert owner == [202] * 5 + [429]

    def test_is_known_to_its_own_account(self, ask, alice, bob, path):
        """The device of one account is a stranger to another."""
        device = alice.tokens["device_token"]
        for _ in range(5):
            ask(path, "bob@example.com")

        assert ask(path, "bob@example.com", device_token=device) == 429
        assert bob.get("/v1/users/me").status_code == 200
