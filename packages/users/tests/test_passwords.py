import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_users import passwords
from mercato_users.errors import WeakPassword
from mercato_users.models import OneTimeToken

from . import factories
from .factories import WIDE

GOOD = [
    "four plain green chairs",
    "x" * 12,
    "x" * 128,
    " " * 12,
    "482915630274",
    "\t\n\t\n tabs and lines",
    "\x1b[31m red \x07 and \x85 more",
    "пароль из слов",
    "密码密码密码密码密码密码",
    "🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑🔑",
    "'; DROP TABLE users_user; --",
    "monkey-river-laptop-81",
    "Ünïcödé ëvérywhéré",
]
BAD = [
    "",
    "short",
    "x" * 11,
    "x" * 129,
    "password1234",
    "PassWord1234",
    "Password123!",
    "p@ssw0rd12345",
    "123456789012",
    "qwertyuiop123",
    "!!qwertyuiop!!",
    "Summer2026!!",
    "iloveyou1234",
    "Welcome12345",
    "administrator",
    "passwordpassword",
    "correct horse battery staple",
    "a password\0 with a NUL",
    "a password with half \ud83d a character",
    "alice@example.com",
    "ALICE@example.com",
]


class TestControlCharacters:
    ODD = "\x1b[31m red \x07\t and \x85 more"

    def test_do_for_registering(self, client):
        """Whatever a keyboard or a password manager made is taken."""
        body = {"email": "odd@example.com", "password": self.ODD}

        assert client.post("/v1/users", json=body).status_code < 300

    def test_do_for_a_login(self, client, commit):
        """They open the account."""
        odd_hash = passwords.hash_password(self.ODD)
        commit(factories.make_user, "odd@example.com", password_hash=odd_hash)
        body = {"email": "odd@example.com", "password": self.ODD}

        assert client.post("/v1/auth/login", json=body).status_code == 200

    @pytest.mark.parametrize("none", ["\0", "\ud83d"])
    @pytest.mark.parametrize("path", ["users", "auth/login", "auth/password/reset"])
    def test_a_nul_and_half_a_character_are_refused(self, client, path, none):
        """No hash could be made of them alike everywhere."""
        body = {"password": f"{none} and enough else"}
        body |= {"token": "t"} if path == "auth/password/reset" else {"email": "odd@example.com"}

        answer = client.post(f"/v1/{path}", data=json.dumps(body), content_type="application/json")

        assert answer.status_code in (400, 422)
        assert "not text" in answer.text


class TestCheck:
    @pytest.mark.parametrize("password", GOOD)
    def test_lets_pass(self, password):
        """12 to 128 characters of any kind will do."""
        passwords.check(password, "alice@example.com")

    @pytest.mark.parametrize("password", BAD)
    def test_refuses(self, password):
        """Short ones, long ones, well-known ones and the address itself will not."""
        with pytest.raises(WeakPassword):
            passwords.check(password, "alice@example.com")

    def test_refuses_the_name_in_the_address(self):
        """What stands before the @ is the first thing to be tried."""
        with pytest.raises(WeakPassword):
            passwords.check("alexandra.kowalska", "Alexandra.Kowalska@example.com")


class TestVerify:
    @pytest.mark.parametrize("password", GOOD)
    def test_knows_what_was_hashed(self, password):
        """Every password opens its own hash, and nothing else does."""
        kept = passwords.hash_password(password)

        assert passwords.verify(kept, password)
        assert not passwords.verify(kept, password + "x")

    def test_refuses_where_there_is_no_hash(self):
        """No password opens an account without one."""
        assert not passwords.verify(None, "nobody has this password")
        assert not passwords.verify("not a hash", "anything at all")


class TestRegisterWithAPassword:
    @pytest.mark.parametrize("password", ["x" * 11, "x" * 129, "password1234"])
    def test_says_where_the_mistake_is(self, client, password):
        """A weak password is a mistake of the input, with its place."""
        refused = client.post("/v1/users", json=factories.registration(password=password))

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/password"
        assert password not in refused.text

    @pytest.mark.parametrize("password", GOOD)
    def test_takes_any_characters(self, client, mails, token_in, password):
        """What was registered opens the account."""
        client.post("/v1/users", json=factories.registration(password=password))
        (mail,) = mails()
        client.post("/v1/users/verify-email", json={"token": token_in(mail)})

        factories.log_in(client, password=password)


class TestRequestReset:
    def test_answers_alike_for_nobody(self, client, alice, mails, statements):
        """An unknown address: same answer, as many statements, no mail."""
        with statements as for_alice:
            known = client.post("/v1/auth/password/forgot", json={"email": "alice@example.com"})

            of_alice = len(for_alice)

        with statements as for_nobody:
            unknown = client.post("/v1/auth/password/forgot", json={"email": "no@example.com"})

        assert (known.status_code, known.json) == (unknown.status_code, unknown.json) == (202, {})
        assert len(for_nobody) == of_alice
        assert [mail["To"] for mail in mails()] == ["alice@example.com"]

    def test_mails_to_the_address_on_file(self, client, alice, mails):
        """A look-alike spelling cannot direct the mail elsewhere."""
        client.post("/v1/auth/password/forgot", json={"email": WIDE})

        assert [mail["To"] for mail in mails()] == ["alice@example.com"]

    def test_mails_five_times_a_day(self, client, alice):
        """The sixth is refused, whether or not there is an account."""
        for address in ("alice@example.com", "nobody@example.com"):
            body = {"email": address}
            answers = [client.post("/v1/auth/password/forgot", json=body) for _ in range(6)]

            assert [answer.status_code for answer in answers] == [202] * 5 + [429]


class TestReset:
    NEW = "eleven quiet yellow lamps"

    @pytest.fixture
    def token(self, client, alice, mails, token_in):
        """The token of alice's mailed link."""
        client.post("/v1/auth/password/forgot", json={"email": "alice@example.com"})
        (mail,) = mails()
        return token_in(mail)

    def test_sets_the_password_and_ends_every_session(self, client, alice, token, mails):
        """The new password opens the account, the old one and old tokens do not."""
        answer = client.post("/v1/auth/password/reset", json={"token": token, "password": self.NEW})

        assert answer.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        factories.log_in(client, password=self.NEW)
        old = {"email": "alice@example.com", "password": factories.PASSWORD}
        assert client.post("/v1/auth/login", json=old).status_code == 401
        assert ["was changed" in mail["Subject"] for mail in mails()] == [True]

    def test_takes_a_link_once(self, client, token):
        """The second use is refused."""
        body = {"token": token, "password": self.NEW}
        client.post("/v1/auth/password/reset", json=body)

        again = client.post("/v1/auth/password/reset", json=body)

        assert (again.status_code, again.json["code"]) == (410, "token_expired")

    def test_keeps_the_link_when_the_password_is_weak(self, client, token):
        """A weak password can be corrected with the same link."""
        weak = client.post(
            "/v1/auth/password/reset", json={"token": token, "password": "password1234"}
        )
        good = client.post("/v1/auth/password/reset", json={"token": token, "password": self.NEW})

        assert (weak.status_code, good.status_code) == (422, 204)

    def test_refuses_an_old_link(self, client, token, commit):
        """A link is good for an hour."""
        over = utc_now() - timedelta(seconds=1)
        commit(lambda: session.execute(sa.update(OneTimeToken).values(expires_at=over)))

        refused = client.post(
            "/v1/auth/password/reset", json={"token": token, "password": self.NEW}
        )

        assert refused.status_code == 410

    def test_does_not_verify_addresses(self, client, token):
        """A link is good for one purpose."""
        refused = client.post("/v1/users/verify-email", json={"token": token})

        assert refused.status_code == 410

    def test_opens_an_account_that_was_never_verified(self, client, mails, token_in, outbox):
        """Who reads the mail owns the address, so the account is open from here on."""
        client.post("/v1/users", json=factories.registration())
        mails()
        client.post("/v1/auth/password/forgot", json={"email": "alice@example.com"})
        (mail,) = mails()

        body = {"token": token_in(mail), "password": self.NEW}
        client.post("/v1/auth/password/reset", json=body)

        factories.log_in(client, password=self.NEW)
        assert len(outbox("user.verified")) == 1
