from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_users.models import OneTimeToken
from mercato_users.models import User

from . import factories
from .factories import WIDE


def verify(client, token):
    """Send the token of a mailed link, and return the answer."""
    return client.post("/v1/users/verify-email", json={"token": token})


class TestRegister:
    def test_opens_an_account_by_the_mailed_link(self, client, mails, token_in):
        """Register, take the link from the mail, verify, log in."""
        answer = client.post("/v1/users", json=factories.registration(given_name="Alice"))
        (mail,) = mails()

        verified = verify(client, token_in(mail))

        assert (answer.status_code, answer.json) == (202, {})
        assert mail["To"] == "alice@example.com"
        assert verified.status_code == 204
        user = factories.log_in(client)["user"]
        assert (user["email_verified"], user["given_name"]) == (True, "Alice")

    def test_answers_alike_where_the_address_is_known(self, client, alice, mails):
        """A stranger learns nothing; the owner is told by mail, and keeps the password."""
        body = factories.registration("ALICE@example.com", password="another long password")
        answer = client.post("/v1/users", json=body)

        (mail,) = mails()

        assert (answer.status_code, answer.json) == (202, {})
        assert "already have an account" in mail["Subject"]
        assert mail["To"] == "alice@example.com"
        factories.log_in(client)

    @pytest.mark.parametrize("name", ["", " ", "Two\nlines", "Bell\x07"])
    def test_refuses_what_is_no_name(self, client, name):
        """A name is one line with something in it; who has none leaves it out, or sends null."""
        refused = client.post("/v1/users", json=factories.registration(given_name=name))
        silent = client.post("/v1/users", json=factories.registration(given_name=None))

        assert (refused.status_code, silent.status_code) == (422, 202)
        assert {error["pointer"] for error in refused.json["errors"]} == {"/given_name"}

    def test_needs_as_many_statements_for_a_known_address(self, client, alice, statements):
        """What is asked of the database does not tell whether there is an account."""
        with statements as for_alice:
            client.post("/v1/users", json=factories.registration())

            of_alice = len(for_alice)

        with statements as for_nobody:
            client.post("/v1/users", json=factories.registration("nobody@example.com"))

        assert len(for_nobody) == of_alice

    def test_gives_the_account_to_who_opens_the_mail(self, client, mails, token_in):
        """Somebody who registered another's address first does not know the password later."""
        body = factories.registration(password="the password of a thief", given_name="Thief")
        client.post("/v1/users", json=body)
        mails()
        client.post("/v1/users", json=factories.registration(given_name="Alice"))
        (mail,) = mails()

        verify(client, token_in(mail))

        assert factories.log_in(client)["user"]["given_name"] == "Alice"

    def test_makes_one_account_of_many_registrations_at_once(self, app, client, commit):
        """The unique key decides the race; all are answered alike."""
        with ThreadPoolExecutor(10) as threads:
            answers = list(
                threads.map(
                    lambda _: app.test_client().post("/v1/users", json=factories.registration()),
                    range(10),
                )
            )

        assert {answer.status_code for answer in answers} == {202}
        assert commit(lambda: session.scalar(sa.select(sa.func.count(User.id)))) == 1

    def test_mails_an_address_five_times_a_day(self, client, mails):
        """Nobody can fill another's mailbox; the sixth registration is answered like the first."""
        answers = [client.post("/v1/users", json=factories.registration()) for _ in range(7)]

        assert {answer.status_code for answer in answers} == {202}
        assert len(mails()) == 5

    def test_tells_accounts_apart_by_the_canonical_address(self, client, alice, commit):
        """Neither case nor width makes another account."""
        for address in ("Alice@Example.com", "ALICE@EXAMPLE.COM", WIDE):
            answer = client.post("/v1/users", json=factories.registration(address))
            assert answer.status_code == 202, answer.json

        assert commit(lambda: session.scalar(sa.select(sa.func.count(User.id)))) == 1

    def test_keeps_no_secret_in_the_outbox(self, client, mails, token_in, outbox):
        """What a mailed link opens cannot be read from the events."""
        client.post("/v1/users", json=factories.registration())

        told = repr(outbox())
        (mail,) = mails()

        assert token_in(mail) not in told
        assert "argon2" not in told

    def test_refuses_to_set_what_is_not_asked_for(self, client):
        """No mass assignment: an unknown member is a mistake, with its place."""
        refused = client.post("/v1/users", json=factories.registration(status="active"))

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/status"

    def test_says_nothing_a_stranger_typed_in_the_mail(self, client, mails):
        """The shop's mail cannot be used to send somebody else's words."""
        body = factories.registration(given_name="Buy at http://evil.example")
        client.post("/v1/users", json=body)

        (mail,) = mails()

        assert "evil" not in mail.as_string()


class TestVerifyEmail:
    def test_takes_a_link_once(self, client, mails, token_in, outbox):
        """The second use of a link is refused, and the event is published once."""
        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()
        verify(client, token_in(mail))

        again = verify(client, token_in(mail))

        assert (again.status_code, again.json["code"]) == (410, "token_expired")
        assert len(outbox("user.verified")) == 1

    def test_voids_the_links_of_other_registrations(self, client, mails, token_in):
        """Once the account is open, no older link can set another password."""
        client.post("/v1/users", json=factories.registration(password="the password of a thief"))
        (first,) = mails()
        client.post("/v1/users", json=factories.registration())
        (second,) = mails()
        verify(client, token_in(second))

        late = verify(client, token_in(first))

        assert late.status_code == 410
        factories.log_in(client)

    def test_refuses_an_old_link(self, client, mails, token_in, commit):
        """A link is good for a day."""
        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()
        yesterday = utc_now() - timedelta(seconds=1)
        commit(lambda: session.execute(sa.update(OneTimeToken).values(expires_at=yesterday)))

        refused = verify(client, token_in(mail))

        assert refused.status_code == 410

    def test_refuses_an_unknown_token(self, client):
        """A made-up token is answered like an old one."""
        refused = verify(client, "made-up")

        assert (refused.status_code, refused.json["code"]) == (410, "token_expired")

    def test_opens_once_when_two_click_at_once(self, app, client, mails, token_in):
        """Of ten uses of one link at once, one wins."""
        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()

        with ThreadPoolExecutor(10) as threads:
            answers = threads.map(
                lambda _: verify(app.test_client(), token_in(mail)).status_code, range(10)
            )

        assert sorted(answers) == [204] + [410] * 9


class TestRequestVerification:
    def test_mails_another_link(self, client, mails, token_in):
        """The new link opens the account with the password of the registration."""
        client.post("/v1/users", json=factories.registration())
        mails()
        answer = client.post("/v1/users/verify-email/resend", json={"email": "alice@example.com"})
        (mail,) = mails()

        verify(client, token_in(mail))

        assert (answer.status_code, answer.json) == (202, {})
        factories.log_in(client)

    def test_mails_nothing_where_nobody_waits(self, client, alice, mails):
        """An open account and an unknown address get no mail, and the same answer."""
        for address in ("alice@example.com", "nobody@example.com"):
            answer = client.post("/v1/users/verify-email/resend", json={"email": address})
            assert (answer.status_code, answer.json) == (202, {})

        assert mails() == []

    def test_mails_five_times_a_day(self, client, alice):
        """The sixth is refused, whether or not there is an account."""
        for address in ("alice@example.com", "nobody@example.com"):
            body = {"email": address}
            answers = [client.post("/v1/users/verify-email/resend", json=body) for _ in range(6)]

            assert [answer.status_code for answer in answers] == [202] * 5 + [429]
            assert int(answers[-1].headers["Retry-After"]) > 0
