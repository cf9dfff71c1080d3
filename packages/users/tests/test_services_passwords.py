from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_users.models import OneTimeToken

from . import factories
from .factories import WIDE


class TestRequestPasswordReset:
    def test_does_not_reveal_an_unknown_address(self, client, alice, mails, statements):
        """An unknown address gets the same response with as many statements, but no mail."""
        with statements as for_alice:
            known = client.post("/v1/auth/password/forgot", json={"email": "alice@example.com"})

            of_alice = len(for_alice)

        with statements as for_nobody:
            unknown = client.post("/v1/auth/password/forgot", json={"email": "no@example.com"})

        assert (known.status_code, known.json) == (unknown.status_code, unknown.json) == (202, {})
        assert len(for_nobody) == of_alice
        assert [mail["To"] for mail in mails()] == ["alice@example.com"]

    def test_sends_mail_to_the_stored_address(self, client, alice, mails):
        """A look-alike spelling in the request does not redirect the mail."""
        client.post("/v1/auth/password/forgot", json={"email": WIDE})

        assert [mail["To"] for mail in mails()] == ["alice@example.com"]

    def test_mails_five_times(self, client, alice):
        """The sixth request is refused, whether or not an account exists."""
        for address in ("alice@example.com", "nobody@example.com"):
            body = {"email": address}
            answers = [client.post("/v1/auth/password/forgot", json=body) for _ in range(6)]

            assert [answer.status_code for answer in answers] == [202] * 5 + [429]


class TestChangePassword:
    BODY = {"current_password": factories.PASSWORD, "password": "an entirely new one"}  # noqa: RUF012

    def change(self, client, **members):
        """Send the change, and return the response."""
        return client.put("/v1/users/me/password", json={**self.BODY, **members})

    def test_sets_the_password(self, client, alice, mails):
        """Other sessions end, this one stays; the owner gets a link in case it was not them."""
        other = factories.log_in(client)["access_token"]

        changed = self.change(alice)

        assert changed.status_code == 204
        assert client.get("/v1/users/me", headers=factories.bearer(other)).status_code == 401
        assert alice.get("/v1/users/me").status_code == 200
        factories.log_in(client, password="an entirely new one")
        (mail,) = mails()
        assert "was changed" in mail["Subject"]
        assert "/reset-password?token=" in mail.get_content()

    def test_needs_the_current_password(self, client, alice):
        """A wrong one is refused, and the password stays."""
        refused = self.change(alice, current_password="not her password")

        assert (refused.status_code, refused.json["code"]) == (401, "invalid_credentials")
        factories.log_in(client)

    def test_refuses_a_weak_password(self, alice):
        """It has the rules of a registration, also that of the own address."""
        for weak in ("password1234", "alice@example.com"):
            refused = self.change(alice, password=weak)

            assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/password")

    def test_voids_links_that_were_mailed_before(self, client, alice, mails, token_in):
        """A link to set a new password is void after the change."""
        client.post("/v1/auth/password/forgot", json={"email": "alice@example.com"})
        (mail,) = mails()
        self.change(alice)

        body = {"token": token_in(mail), "password": "another new password"}
        assert client.post("/v1/auth/password/reset", json=body).status_code == 410

    def test_does_not_change_the_profile(self, alice):
        """The ETag that was read stays current."""
        before = alice.get("/v1/users/me").headers["ETag"]

        self.change(alice)

        assert alice.get("/v1/users/me").headers["ETag"] == before

    def test_takes_few_statements(self, alice, database, statements):
        """Beside that of the identity; the password is verified in no transaction."""
        with statements as sent:
            self.change(alice)

        assert len(sent) - 1 == (5 if database.url.startswith("postgresql") else 7), sent


class TestResetPassword:
    NEW = "eleven quiet yellow lamps"

    @pytest.fixture
    def token(self, client, alice, mails, token_in):
        """The token of a link mailed to alice."""
        client.post("/v1/auth/password/forgot", json={"email": "alice@example.com"})
        (mail,) = mails()
        return token_in(mail)

    def test_sets_the_password_and_ends_every_session(self, client, alice, token, mails):
        """The new password logs in; the old password and old tokens are refused."""
        answer = client.post("/v1/auth/password/reset", json={"token": token, "password": self.NEW})

        assert answer.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        factories.log_in(client, password=self.NEW)
        old = {"email": "alice@example.com", "password": factories.PASSWORD}
        assert client.post("/v1/auth/login", json=old).status_code == 401
        assert ["was changed" in mail["Subject"] for mail in mails()] == [True]

    def test_accepts_a_link_once(self, client, token):
        """A second use of a link is refused."""
        body = {"token": token, "password": self.NEW}
        client.post("/v1/auth/password/reset", json=body)

        again = client.post("/v1/auth/password/reset", json=body)

        assert (again.status_code, again.json["code"]) == (410, "token_expired")

    def test_keeps_the_link_when_the_password_is_weak(self, client, token):
        """After a weak password, the same link can be used again."""
        weak = client.post(
            "/v1/auth/password/reset", json={"token": token, "password": "password1234"}
        )
        good = client.post("/v1/auth/password/reset", json={"token": token, "password": self.NEW})

        assert (weak.status_code, good.status_code) == (422, 204)

    @pytest.mark.parametrize("weak", [False, True])
    def test_hashes_only_for_the_owner_of_a_link(self, client, token, hashes_of, weak):
        """An unknown link and a weak password are refused before the costly hash."""
        body = {"token": "unknown", "password": self.NEW}
        if weak:
            body = {"token": token, "password": "password1234"}

        cost = hashes_of(lambda: client.post("/v1/auth/password/reset", json=body))

        assert cost < 0.9

    def test_refuses_an_old_link(self, client, token, commit):
        """A link expires after an hour."""
        over = utc_now() - timedelta(seconds=1)
        commit(lambda: session.execute(sa.update(OneTimeToken).values(expires_at=over)))

        refused = client.post(
            "/v1/auth/password/reset", json={"token": token, "password": self.NEW}
        )

        assert refused.status_code == 410

    def test_is_not_a_verification_link(self, client, token):
        """A token is valid for one purpose only."""
        refused = client.post("/v1/users/verify-email", json={"token": token})

        assert refused.status_code == 410

    def test_verifies_the_newest_spelling(self, client, mails, token_in):
        """The link of an account that is not verified goes to, and sets, its newest spelling."""
        for address in ("ALICE@example.com", "Alice@Example.com"):
            client.post("/v1/users", json=factories.registration(address))
        mails()
        client.post("/v1/auth/password/forgot", json={"email": "ALICE@example.com"})
        (mail,) = mails()

        body = {"token": token_in(mail), "password": self.NEW}
        client.post("/v1/auth/password/reset", json=body)

        assert mail["To"] == "Alice@example.com"
        assert factories.log_in(client, password=self.NEW)["user"]["email"] == "Alice@Example.com"

    def test_verifies_the_account(self, client, mails, token_in, outbox):
        """Opening the mail proves ownership of the address, so the account is verified."""
        client.post("/v1/users", json=factories.registration())
        mails()
        client.post("/v1/auth/password/forgot", json={"email": "alice@example.com"})
        (mail,) = mails()

        body = {"token": token_in(mail), "password": self.NEW}
        client.post("/v1/auth/password/reset", json=body)

        factories.log_in(client, password=self.NEW)
        assert len(outbox("user.verified")) == 1
