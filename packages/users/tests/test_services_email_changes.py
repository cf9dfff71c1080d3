from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_kit.models import PrivacyRequest
from mercato_kit.principals import Principal
from mercato_users import services
from mercato_users.models import OneTimeToken, User

from . import factories
from .factories import close, id_of

NEW = {"email": "New@example.com", "current_password": factories.PASSWORD}


@pytest.fixture
def post(client):
    """A function that posts the token of a link: ``post("confirm", token)``."""

    def send(what, token):
        return client.post(f"/v1/users/me/email/{what}", json={"token": token})

    return send


@pytest.fixture
def mail_to(mails):
    """A function that sends the mails that are due, and returns the only one to an address."""

    def read(address):
        (mail,) = [one for one in mails() if one["To"] == address]
        return mail

    return read


def ask(client, **members):
    """Ask for another address."""
    return client.put("/v1/users/me/email", json={**NEW, **members})


@pytest.fixture
def moved(alice, mail_to, token_in, post):
    """The token that undoes a change of alice's address."""
    ask(alice)
    post("confirm", token_in(mail_to("New@example.com")))
    return token_in(mail_to("alice@example.com"))


class TestRequestEmail:
    def test_mails_both_addresses(self, alice, mails):
        """The new address gets a link, the old one a notice; nothing has changed yet."""
        asked = ask(alice)

        assert (asked.status_code, asked.json) == (202, {})
        sent = {mail["To"]: mail for mail in mails()}
        assert set(sent) == {"New@example.com", "alice@example.com"}
        assert "/change-email?token=" in sent["New@example.com"].get_content()
        assert "/reset-password?token=" in sent["alice@example.com"].get_content()
        assert alice.get("/v1/users/me").json["email"] == "alice@example.com"

    def test_does_not_reveal_an_account(self, alice, bob, mails, statements):
        """An address that is taken gets the same answer by as many statements; its owner a mail."""
        with statements as of_free:
            free = ask(alice)
            number = len(of_free)
        mails()
        with statements as of_taken:
            taken = ask(alice, email="bob@example.com")

        assert (free.status_code, free.json) == (taken.status_code, taken.json) == (202, {})
        assert len(of_taken) == number
        (mail,) = [one for one in mails() if one["To"] == "bob@example.com"]
        assert "token=" not in mail.get_content()
        assert bob.get("/v1/users/me").status_code == 200

    def test_needs_the_password(self, alice, mails):
        """A wrong password is refused, and nothing is mailed."""
        refused = ask(alice, current_password="not her password")

        assert (refused.status_code, refused.json["code"]) == (401, "invalid_credentials")
        assert mails() == []

    def test_mails_five_times(self, alice):
        """The sixth link to an address is refused."""
        assert [ask(alice).status_code for _ in range(6)] == [202] * 5 + [429]

    def test_mails_ten_addresses(self, alice):
        """An account cannot send mails to any number of strangers."""
        answers = [ask(alice, email=f"new{number}@example.com") for number in range(11)]

        assert [answer.status_code for answer in answers] == [202] * 10 + [429]

    def test_belongs_to_the_password_that_was_verified(
        self, client, alice, commit, mail_to, token_in, post
    ):
        """A link is void if the password was changed while it was verified."""
        sessions = alice.get("/v1/users/me/sessions").json["data"]
        session_id = UUID(next(one["id"] for one in sessions if one["current"]))
        caller = Principal(sub=id_of(alice), kind="user", session_id=session_id)
        proof = services.Proof(factories.PASSWORD_HASH, epoch=0)
        body = {"current_password": factories.PASSWORD, "password": "an entirely new one"}
        alice.put("/v1/users/me/password", json=body)

        commit(services.request_email, caller, "new@example.com", proof)

        assert post("confirm", token_in(mail_to("new@example.com"))).status_code == 410
        factories.log_in(client, password="an entirely new one")


class TestConfirmEmail:
    def test_changes_the_address(self, client, alice, mail_to, token_in, post, outbox):
        """The account logs in with the new address in its spelling, and no more with the old."""
        ask(alice)

        done = post("confirm", token_in(mail_to("New@example.com")))

        assert done.status_code == 204
        me = factories.log_in(client, "new@example.com")["user"]
        assert (me["email"], me["email_verified"]) == ("New@example.com", True)
        body = {"email": "alice@example.com", "password": factories.PASSWORD}
        assert client.post("/v1/auth/login", json=body).status_code == 401
        assert [it.aggregate_id for it in outbox("user.email_changed")] == [id_of(alice)]

    def test_keeps_the_session_that_asked(self, client, alice, mail_to, token_in, post):
        """All other sessions end."""
        other = factories.log_in(client)["access_token"]
        ask(alice)

        post("confirm", token_in(mail_to("New@example.com")))

        assert alice.get("/v1/users/me").json["email"] == "New@example.com"
        headers = factories.bearer(other)
        assert client.get("/v1/users/me", headers=headers).status_code == 401

    def test_works_once(self, alice, mail_to, token_in, post):
        """A link is used up, and a link for something else is none."""
        ask(alice)
        token = token_in(mail_to("New@example.com"))

        answers = [post("undo", token), post("confirm", token), post("confirm", token)]

        assert [answer.status_code for answer in answers] == [410, 204, 410]

    def test_loses_to_a_registration(self, alice, commit, mail_to, token_in, post):
        """Where another account got the address meanwhile, the unique key decides: 410."""
        ask(alice)
        token = token_in(mail_to("New@example.com"))
        commit(factories.make_user, "new@example.com")

        assert post("confirm", token).status_code == 410
        assert alice.get("/v1/users/me").json["email"] == "alice@example.com"

    def test_replaces_an_account_that_was_never_verified(
        self, client, alice, mail_to, token_in, post
    ):
        """Who registered the address without owning it does not keep it from its owner."""
        client.post("/v1/users", json=factories.registration("new@example.com"))
        ask(alice)
        assert post("confirm", token_in(mail_to("New@example.com"))).status_code == 204

    def test_is_void_after_a_change_of_the_password(self, client, alice, mail_to, token_in, post):
        """A change of credentials voids links that were mailed before."""
        ask(alice)
        token = token_in(mail_to("New@example.com"))
        body = {"current_password": factories.PASSWORD, "password": "an entirely new one"}
        alice.put("/v1/users/me/password", json=body)

        assert post("confirm", token).status_code == 410

    @pytest.mark.usefixtures("moved")
    def test_voids_links_to_the_old_address(self, client, alice, commit):
        """The epoch of the credentials has moved, which every other link carries."""
        epoch = sa.select(User.credential_epoch).where(User.id == id_of(alice))

        assert commit(lambda: session.scalar(epoch)) == 1

    def test_changes_the_spelling_alone(self, alice, mail_to, token_in, post):
        """Another spelling of the own address is another address, not a taken one."""
        ask(alice, email="ALICE@example.com")

        post("confirm", token_in(mail_to("ALICE@example.com")))

        assert alice.get("/v1/users/me").json["email"] == "ALICE@example.com"


class TestUndoEmail:
    def test_gives_the_account_back(self, client, alice, moved, post, mail_to, token_in):
        """The old address is back, all sessions end, and the password is set with a mailed link."""
        undone = post("undo", moved)

        assert undone.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        for address in ("alice@example.com", "new@example.com"):
            body = {"email": address, "password": factories.PASSWORD}
            assert client.post("/v1/auth/login", json=body).status_code == 401
        token = token_in(mail_to("alice@example.com"))
        new = {"token": token, "password": "an entirely new one"}
        assert client.post("/v1/auth/password/reset", json=new).status_code == 204
        factories.log_in(client, password="an entirely new one")

    def test_revokes_api_keys(self, alice, moved, post, read_with, commit):
        """Those that a thief has made, and all others."""
        text, _ = commit(factories.make_api_key, factories.id_of(alice))

        post("undo", moved)

        assert read_with(text, "/v1/users/me").status_code == 401

    def test_works_after_the_thief_changed_the_password(self, alice, moved, post):
        """It is the only link that a change of credentials does not void."""
        body = {"current_password": factories.PASSWORD, "password": "the password of a thief"}
        alice.put("/v1/users/me/password", json=body)

        assert post("undo", moved).status_code == 204

    def test_works_after_the_thief_closed_the_account(self, client, alice, moved, post, mail_to):
        """The link that cancels the erasure went to the thief; this one cancels it, too."""
        assert close(alice).status_code == 202
        of_thief = mail_to("New@example.com")

        undone = post("undo", moved)

        assert undone.status_code == 204
        assert "/reset-password?token=" in mail_to("alice@example.com").get_content()
        body = {"token": of_thief.get_content().split("token=")[1].split()[0]}
        assert client.post("/v1/users/me/erasure/cancel", json=body).status_code == 410

    def test_is_mailed_for_an_account_that_closes_at_once(self, alice, mail_to, token_in, post):
        """The owner gets the link also if the thief closes the account before it is mailed."""
        ask(alice)
        post("confirm", token_in(mail_to("New@example.com")))
        close(alice)

        assert post("undo", token_in(mail_to("alice@example.com"))).status_code == 204

    def test_works_until_the_erasure_begins(self, alice, moved, post, mails, run_worker):
        """An account that a thief closes is not erased before the week of the link has passed."""
        closed = close(alice)
        run_worker()

        due_at = datetime.fromisoformat(closed.json["due_at"])
        assert timedelta(days=6, hours=23) < due_at - utc_now() <= timedelta(days=7)
        (mail,) = mails()
        assert "in 167 hours" in mail.get_content()
        assert post("undo", moved).status_code == 204

    def test_delays_no_erasure_after_its_week(self, alice, moved, commit):
        """What cannot be undone any more is not waited for."""
        del moved
        over = sa.update(OneTimeToken).where(OneTimeToken.purpose == "undo_email")
        hour = utc_now() + timedelta(hours=1)
        commit(lambda: session.execute(over.values(expires_at=hour)))

        due_at = datetime.fromisoformat(close(alice).json["due_at"])

        assert timedelta(hours=23) < due_at - utc_now() <= timedelta(hours=24)

    def test_is_void_once_the_erasure_has_begun(self, alice, moved, post, commit):
        """What was erased cannot be given back."""
        request_id = UUID(close(alice).json["id"])
        begun = sa.update(PrivacyRequest).where(PrivacyRequest.id == request_id)
        commit(lambda: session.execute(begun.values(status="running")))

        assert post("undo", moved).status_code == 410

    def test_voids_the_links_of_later_changes(self, alice, moved, post, mail_to, token_in):
        """The thief, who got a link for the next change, cannot undo the undoing."""
        ask(alice, email="third@example.com")
        post("confirm", token_in(mail_to("third@example.com")))
        of_thief = token_in(mail_to("New@example.com"))

        answers = [post("undo", moved), post("undo", of_thief)]

        assert [answer.status_code for answer in answers] == [204, 410]

    def test_is_refused_if_the_address_has_an_account(self, moved, commit, post):
        """Another verified account keeps the address."""
        commit(factories.make_user, "alice@example.com")

        assert post("undo", moved).status_code == 410
