import json
from importlib.resources import files

import pytest
from argon2 import PasswordHasher
from flask import Flask

from mercato_contracts.messages import Messages, Shop
from mercato_kit.composition import Composition, compose
from mercato_testing.fakes import fake
from mercato_users import passwords
from mercato_users.dummies import DUMMY_HASH
from mercato_users.errors import WeakPassword
from mercato_users.feature import feature
from mercato_users.settings import UsersSettings

from . import factories

GOOD = [
    "four plain green chairs",
    "ab" * 6,
    "xy" * 64,
    "482915630274",
    "\t\n\t\n tabs and lines",
    "\x1b[31m red \x07 and \x85 more",
    "пароль из слов",
    "密码密码密码密码密码密码",
    "🔑🔒🔑🔒🔑🔒🔑🔒🔑🔒🔑🔒",
    "'; DROP TABLE users_user; --",
    "monkey-river-laptop-81",
    "Ünïcödé ëvérywhéré",
]
BAD = [
    "",
    "short",
    "xy" * 5,
    "xy" * 65,
    "e\u0301x" * 5,
    "x" * 12,
    "x" * 128,
    "xXxXxXxXxXxXxX",
    " " * 12,
    "\u3000\u00a0" * 6,
    "x " * 8,
    "🔑" * 12,
    "monkeymonkey",
    "Dragon2Dragon2",
    "\uff50assword1234",
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


def is_accepted(password):
    """Return whether alice may have a password."""
    try:
        passwords.check(password, "alice@example.com")
    except WeakPassword:
        return False
    return True


class TestControlCharacters:
    ODD = "\x1b[31m red \x07\t and \x85 more"

    def test_are_accepted_at_registration(self, client):
        """A password with control characters is accepted."""
        body = {"email": "odd@example.com", "password": self.ODD}

        assert client.post("/v1/users", json=body).status_code < 300

    def test_are_accepted_at_login(self, client, commit):
        """A password with control characters logs in."""
        odd_hash = commit(passwords.hash_password, self.ODD)
        commit(factories.make_user, "odd@example.com", password_hash=odd_hash)
        body = {"email": "odd@example.com", "password": self.ODD}

        assert client.post("/v1/auth/login", json=body).status_code == 200

    @pytest.mark.parametrize("none", ["\0", "\ud83d"])
    @pytest.mark.parametrize("path", ["users", "auth/login", "auth/password/reset"])
    def test_nul_and_lone_surrogates_are_refused(self, client, path, none):
        """Characters that cannot be hashed portably are refused."""
        body = {"password": f"{none} and enough else"}
        body |= {"token": "t"} if path == "auth/password/reset" else {"email": "odd@example.com"}

        answer = client.post(f"/v1/{path}", data=json.dumps(body), content_type="application/json")

        assert answer.status_code in (400, 422)
        assert "not text" in answer.text


@pytest.fixture
def paper():
    """An app with the settings only."""
    app = Flask(__name__)
    compose(app, Composition((feature,), {"users": UsersSettings()}))
    with app.app_context():
        yield


@pytest.mark.usefixtures("paper")
class TestCheck:
    @pytest.mark.parametrize("password", GOOD)
    def test_accepts(self, password):
        """12 to 128 characters of any kind are accepted."""
        passwords.check(password, "alice@example.com")

    @pytest.mark.parametrize("password", BAD)
    def test_refuses(self, password):
        """Short, long and well-known passwords and the e-mail address are refused."""
        with pytest.raises(WeakPassword):
            passwords.check(password, "alice@example.com")

    def test_refuses_the_name_in_the_address(self):
        """The part of the address before the @ is refused."""
        with pytest.raises(WeakPassword):
            passwords.check("alexandra.kowalska", "Alexandra.Kowalska@example.com")

    @pytest.mark.parametrize(
        "password",
        [
            "alexandra.kowalska1",
            "Alexandra Kowalska!!",
            "2026alexandrakowalska",
            "Alexandra.Kowalska@example.com1",
        ],
    )
    def test_refuses_the_address_with_little_more(self, password):
        """Digits, signs and blanks make no other password of the address."""
        with pytest.raises(WeakPassword, match="e-mail"):
            passwords.check(password, "Alexandra.Kowalska@example.com")

    def test_refuses_the_issuer(self):
        """Without mails, the name that tokens have is refused."""
        with pytest.raises(WeakPassword, match="shop"):
            passwords.check("Mercato-Mercato", "alice@example.com")

    def test_refuses_thousands_of_known_passwords(self):
        """Each listed password is refused, as it is or with digits up to the least length."""
        text = (files("mercato_users") / "well_known_passwords.txt").read_text("utf-8")
        listed = [line for line in text.splitlines() if line and not line.startswith("#")]
        accepted = [word for word in listed if is_accepted(word.ljust(12, "7"))]

        assert accepted == []
        assert len(listed) >= 3000

    def test_counts_in_nfkc(self):
        """Length is counted as it is hashed: ligatures are several characters, accents none."""
        passwords.check("\ufb03\ufb03\ufb03 xyz", "alice@example.com")
        with pytest.raises(WeakPassword, match="12 to 128"):
            passwords.check("e\u0301" * 6 + "abcde", "alice@example.com")


class TestCheckIssuer:
    @pytest.fixture
    def settings(self):
        """The issuer begins like a URL and is none."""
        return {"issuer": "http://[shining"}

    def test_may_be_any_text(self, client):
        """It is refused as a password, and other passwords are accepted."""
        passwords = ("http://[shining", factories.PASSWORD)
        bodies = [factories.registration(password=one) for one in passwords]

        answers = [client.post("/v1/users", json=body).status_code for body in bodies]

        assert answers == [422, 202]


class TestCheckNames:
    @pytest.fixture
    def fakes(self):
        """The name of the shop is that of its mails."""
        shop = Shop("Fine Lamps 24", "https://www.lamps-and-more.example")
        return [fake(Messages, shop=shop)]

    @pytest.fixture
    def settings(self):
        """Tokens have the address of the API."""
        return {"issuer": "https://api.shining.example"}

    @pytest.mark.parametrize(
        "password",
        [
            "Fine Lamps 24",
            "finelamps2026",
            "Fine-Lamps-24!!!",
            "finelampsfinelamps",
            "Fine Lamps 24 Fine Lamps 24",
            "lamps-and-more1",
            "www.lamps-and-more.example",
            "shining!!!!2026",
            "\uff26ine Lamps 24",
        ],
    )
    def test_refuses_the_shop(self, client, password):
        """The name of the shop and those of its hosts are refused, also with little more."""
        refused = client.post("/v1/users", json=factories.registration(password=password))

        assert (refused.status_code, "name of the shop" in refused.text) == (422, True)

    @pytest.mark.parametrize("password", ["fine lamps at night", "a lamp shining 24"])
    def test_accepts_more_than_the_name(self, client, password):
        """A password that has other words, too, is accepted."""
        body = factories.registration(password=password)

        assert client.post("/v1/users", json=body).status_code == 202


@pytest.mark.usefixtures("paper")
class TestVerify:
    def test_matches_however_it_is_typed(self):
        """Composed, decomposed and full-width letters are the same password."""
        kept = passwords.hash_password("Zo\u00eb at the market 1")

        assert passwords.verify(kept, "Zoe\u0308 at the market \uff11")
        assert passwords.renewed(kept, "Zoe\u0308 at the market \uff11") is None

    def test_matches_hashes_of_what_was_typed(self):
        """A hash of another form than NFKC still opens, and is renewed to one of NFKC."""
        typed = "Zoe\u0308 at the market \uff11"
        old = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(typed)

        assert passwords.verify(old, typed)
        assert not passwords.verify(old, "Zo\u00eb at the market 1")
        assert passwords.verify(passwords.renewed(old, typed), "Zo\u00eb at the market 1")

    @pytest.mark.parametrize("password", GOOD)
    def test_matches_only_the_hashed_password(self, password):
        """A password matches its own hash and no other."""
        kept = passwords.hash_password(password)

        assert passwords.verify(kept, password)
        assert not passwords.verify(kept, password + "x")

    def test_refuses_without_a_hash(self):
        """Without a valid hash, no password matches."""
        assert not passwords.verify(None, "a password that no account has")
        assert not passwords.verify("not a hash", "anything at all")

    def test_takes_the_same_time_without_a_hash(self):
        """What is verified instead has the parameters of new hashes."""
        assert passwords.renewed(DUMMY_HASH, factories.PASSWORD) is None


class TestRegisterWithAPassword:
    @pytest.mark.parametrize("password", ["x" * 11, "x" * 129, "password1234"])
    def test_refuses_with_a_pointer(self, client, password):
        """A weak password is refused with a pointer to the field."""
        refused = client.post("/v1/users", json=factories.registration(password=password))

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/password"
        assert password not in refused.text

    @pytest.mark.parametrize("password", GOOD)
    def test_accepts_any_characters(self, client, mails, token_in, password):
        """A registered password logs in."""
        client.post("/v1/users", json=factories.registration(password=password))
        (mail,) = mails()
        client.post("/v1/users/verify-email", json={"token": token_in(mail)})

        factories.log_in(client, password=password)
