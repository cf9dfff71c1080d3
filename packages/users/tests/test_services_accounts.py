from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_users.models import OneTimeToken, User

from . import factories
from .factories import WIDE


def verify(client, token):
    """Post the token of a mailed link, and return the response."""
    return client.post("/v1/users/verify-email", json={"token": token})


class TestRegister:
    def test_creates_an_account_with_a_mailed_link(self, client, mails, token_in):
        """After registration and verification with the mailed link, the user can log in."""
        answer = client.post("/v1/users", json=factories.registration(given_name="Alice"))
        (mail,) = mails()

        verified = verify(client, token_in(mail))

        assert (answer.status_code, answer.json) == (202, {})
        assert mail["To"] == "alice@example.com"
        assert verified.status_code == 204
        user = factories.log_in(client)["user"]
        assert (user["email_verified"], user["given_name"]) == (True, "Alice")

    def test_does_not_reveal_a_known_address(self, client, alice, mails):
        """A known address gets the same response; its owner gets a mail and keeps the password."""
        body = factories.registration("ALICE@example.com", password="another long password")
        answer = client.post("/v1/users", json=body)

        (mail,) = mails()

        assert (answer.status_code, answer.json) == (202, {})
        assert "already have an account" in mail["Subject"]
        assert mail["To"] == "alice@example.com"
        factories.log_in(client)

    @pytest.mark.parametrize("name", ["", " ", "Two\nlines", "Bell\x07"])
    def test_refuses_blank_names(self, client, name):
        """A name is a line that is not blank; it may be absent or null."""
        refused = client.post("/v1/users", json=factories.registration(given_name=name))
        silent = client.post("/v1/users", json=factories.registration(given_name=None))

        assert (refused.status_code, silent.status_code) == (422, 202)
        assert {error["pointer"] for error in refused.json["errors"]} == {"/given_name"}

    def test_takes_equal_statements_for_a_known_address(self, client, alice, statements):
        """The statements do not reveal whether an account exists."""
        with statements as for_alice:
            client.post("/v1/users", json=factories.registration())

            of_alice = len(for_alice)

        with statements as for_nobody:
            client.post("/v1/users", json=factories.registration("nobody@example.com"))

        assert len(for_nobody) == of_alice

    def test_uses_the_password_of_the_used_link(self, client, mails, token_in):
        """A stranger who registered the address first does not know the password."""
        body = factories.registration(password="the password of a thief", given_name="Thief")
        client.post("/v1/users", json=body)
        mails()
        client.post("/v1/users", json=factories.registration(given_name="Alice"))
        (mail,) = mails()

        verify(client, token_in(mail))

        assert factories.log_in(client)["user"]["given_name"] == "Alice"

    def test_links_go_to_the_spelling_that_they_verify(self, client, mails, token_in):
        """Who registers an address first in another spelling gets no mail of its owner."""
        for address in ("ALICE@example.com", "Alice@Example.com"):
            client.post("/v1/users", json=factories.registration(address))

        first, second = mails()
        verify(client, token_in(second))

        assert [first["To"], second["To"]] == ["ALICE@example.com", "Alice@example.com"]
        assert factories.log_in(client)["user"]["email"] == "Alice@Example.com"
        assert verify(client, token_in(first)).status_code == 410

    def test_concurrent_registrations_make_one_account(self, app, client, commit):
        """The unique key decides the race; all registrations get the same response."""
        with ThreadPoolExecutor(10) as threads:
            answers = list(
                threads.map(
                    lambda _: app.test_client().post("/v1/users", json=factories.registration()),
                    range(10),
                )
            )

        assert {answer.status_code for answer in answers} == {202}
        assert commit(lambda: session.scalar(sa.select(sa.func.count(User.id)))) == 1

    def test_mails_an_address_five_times(self, client, mails):
        """The sixth registration of an address gets the same response, but sends no mail."""
        answers = [client.post("/v1/users", json=factories.registration()) for _ in range(7)]

        assert {answer.status_code for answer in answers} == {202}
        assert len(mails()) == 5

    def test_hashes_only_until_the_limit(self, client, hashes_of):
        """Registrations beyond the limit of an address cost no password hash."""
        body = factories.registration()
        for _ in range(5):
            client.post("/v1/users", json=body)

        cost = hashes_of(lambda: client.post("/v1/users", json=body))

        assert cost < 0.9

    def test_identifies_accounts_by_the_canonical_address(self, client, alice, commit):
        """Spellings that differ in case or width are the same account."""
        for address in ("Alice@Example.com", "ALICE@EXAMPLE.COM", WIDE):
            answer = client.post("/v1/users", json=factories.registration(address))
            assert answer.status_code == 202, answer.json

        assert commit(lambda: session.scalar(sa.select(sa.func.count(User.id)))) == 1

    def test_keeps_no_secret_in_the_outbox(self, client, mails, token_in, outbox):
        """The token of a mailed link cannot be computed from the events."""
        client.post("/v1/users", json=factories.registration())

        events = repr(outbox())
        (mail,) = mails()

        assert token_in(mail) not in events
        assert "argon2" not in events

    def test_refuses_unknown_fields(self, client):
        """No mass assignment: an unknown field is refused with a pointer."""
        refused = client.post("/v1/users", json=factories.registration(status="active"))

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/status"

    def test_mails_have_no_user_input(self, client, mails):
        """A name given at registration is not in the mail."""
        body = factories.registration(given_name="Buy at http://evil.example")
        client.post("/v1/users", json=body)

        (mail,) = mails()

        assert "evil" not in mail.as_string()


class TestVerifyEmail:
    def test_accepts_a_link_once(self, client, mails, token_in, outbox):
        """A second use of a link is refused, and the event is published once."""
        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()
        verify(client, token_in(mail))

        again = verify(client, token_in(mail))

        assert (again.status_code, again.json["code"]) == (410, "token_expired")
        assert len(outbox("user.verified")) == 1

    def test_invalidates_links_of_other_registrations(self, client, mails, token_in):
        """After verification, no older link can set another password."""
        client.post("/v1/users", json=factories.registration(password="the password of a thief"))
        (first,) = mails()
        client.post("/v1/users", json=factories.registration())
        (second,) = mails()
        verify(client, token_in(second))

        late = verify(client, token_in(first))

        assert late.status_code == 410
        factories.log_in(client)

    def test_refuses_an_old_link(self, client, mails, token_in, commit):
        """A link expires after a day."""
        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()
        yesterday = utc_now() - timedelta(seconds=1)
        commit(lambda: session.execute(sa.update(OneTimeToken).values(expires_at=yesterday)))

        refused = verify(client, token_in(mail))

        assert refused.status_code == 410

    def test_refuses_an_unknown_token(self, client):
        """An unknown token gets the same response as an expired one."""
        refused = verify(client, "made-up")

        assert (refused.status_code, refused.json["code"]) == (410, "token_expired")

    def test_concurrent_uses_verify_once(self, app, client, mails, token_in):
        """Of ten concurrent uses of one link, one succeeds."""
        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()

        with ThreadPoolExecutor(10) as threads:
            answers = threads.map(
                lambda _: verify(app.test_client(), token_in(mail)).status_code, range(10)
            )

        assert sorted(answers) == [204] + [410] * 9


class TestRequestVerification:
    def test_mails_another_link(self, client, mails, token_in):
        """The new link verifies the account with the password of the registration."""
        client.post("/v1/users", json=factories.registration())
        mails()
        answer = client.post("/v1/users/verify-email/resend", json={"email": "alice@example.com"})
        (mail,) = mails()

        verify(client, token_in(mail))

        assert (answer.status_code, answer.json) == (202, {})
        factories.log_in(client)

    def test_mails_to_the_newest_spelling(self, client, mails):
        """Another link goes to the spelling of the last registration."""
        for address in ("ALICE@example.com", "alice@example.com"):
            client.post("/v1/users", json=factories.registration(address))
        mails()

        client.post("/v1/users/verify-email/resend", json={"email": "Alice@Example.com"})

        assert [mail["To"] for mail in mails()] == ["alice@example.com"]

    def test_sends_no_mail_if_none_is_due(self, client, alice, mails):
        """Verified and unknown addresses get no mail, but the same response."""
        for address in ("alice@example.com", "nobody@example.com"):
            answer = client.post("/v1/users/verify-email/resend", json={"email": address})
            assert (answer.status_code, answer.json) == (202, {})

        assert mails() == []

    def test_mails_five_times(self, client, alice):
        """The sixth request is refused, whether or not an account exists."""
        for address in ("alice@example.com", "nobody@example.com"):
            body = {"email": address}
            answers = [client.post("/v1/users/verify-email/resend", json=body) for _ in range(6)]

            assert [answer.status_code for answer in answers] == [202] * 5 + [429]
            assert int(answers[-1].headers["Retry-After"]) > 0
