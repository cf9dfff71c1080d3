"""Hashes of other systems, each made by the system itself."""

import json
from pathlib import Path

import pytest

from mercato_users import hashes, passwords

from . import factories

HASHES = json.loads((Path(__file__).parent / "foreign_hashes.json").read_text("utf-8"))
"""Hashes of the usual password, with low costs, by what made them."""

OF_SALT, OF_HASH = "NaClNaClNaClNaClNaCl", "x" * 43


class TestVerify:
    @pytest.mark.parametrize("origin", HASHES)
    def test_knows_the_forms_of_other_systems(self, origin):
        """The right password matches and another one does not; each takes a place of its own."""
        assert hashes.verify(HASHES[origin], factories.PASSWORD)
        assert not hashes.verify(HASHES[origin], factories.PASSWORD + "x")
        assert hashes.refusal(HASHES[origin]) is None

    @pytest.mark.parametrize(
        "unknown",
        [
            "",
            factories.PASSWORD,
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
            "$2b$04$tooshort",
            "$2b$04$" + "\u00fc" * 53,
            "$argon2id$v=19$m=1024,t=1,p=1$$",
            "$scrypt$ln=10,r=8,p=1$c2FsdA$c2hvcnQ",
            "$pbkdf2-sha256$0$c2FsdA$" + OF_HASH,
            "$pbkdf2-sha256$1000$c2FsdA$x",
            "pbkdf2:sha256:1000$salt$",
            "scrypt:1000:8:1$salt$" + "ab" * 32,
        ],
    )
    def test_matches_nothing_that_is_no_hash(self, unknown):
        """Text of another form, and a digest so short that others equal it, match no password."""
        assert not hashes.verify(unknown, factories.PASSWORD)
        assert hashes.scheme(unknown) is None
        assert "unknown" in hashes.refusal(unknown)

    def test_gives_bcrypt_what_it_reads(self):
        """A longer password matches by its first 72 bytes, as where it was set."""
        seventy_two = "$2b$04$I58kYO9AN4TugxX/2WYChOzq6mHDfVlhDpzHyaBekMItUkkjpuhVy"

        assert hashes.verify(seventy_two, "x" * 72)
        assert hashes.verify(seventy_two, "x" * 100)
        assert not hashes.verify(seventy_two, "x" * 71)


class TestRefusal:
    @pytest.mark.parametrize(
        ("costly", "said"),
        [
            (f"$argon2id$v=19$m=131073,t=1,p=1${OF_SALT}${OF_HASH}", "128 MiB; 128 are"),
            (f"$argon2id$v=19$m=1024,t=17,p=1${OF_SALT}${OF_HASH}", "17 passes; 16 are"),
            ("$2b$15$" + "x" * 53, "15 rounds as a power of 2; 14 are"),
            (f"$pbkdf2-sha256$5000001${OF_SALT}${OF_HASH}", "5,000,001 rounds; 5,000,000"),
            (f"$scrypt$ln=18,r=8,p=1${OF_SALT}${OF_HASH}", "256 MiB; 128 are"),
            (f"scrypt:32768:8:5$salt${'ab' * 32}", "160 MiB; 128 are"),
        ],
    )
    def test_says_what_is_too_costly(self, costly, said):
        """A hash that would keep a server busy is refused, and never verified."""
        assert said in hashes.refusal(costly)
        assert not hashes.verify(costly, factories.PASSWORD)

    def test_is_of_what_no_account_can_store(self):
        """The column has 255 characters."""
        assert "255 characters" in hashes.refusal(factories.PASSWORD_HASH + "x" * 255)


class TestScheme:
    def test_is_what_the_time_depends_on(self):
        """Two hashes of one scheme take equally long: it does not contain salt and digest."""
        schemes = {hashes.scheme(one) for one in HASHES.values()}

        assert {"bcrypt 04", "argon2id 1024 1 2", "scrypt 1024 8 1"} <= schemes
        assert hashes.scheme(HASHES["bcrypt 2a"]) == hashes.scheme(HASHES["django bcrypt"])


class TestRenewed:
    @pytest.mark.parametrize("origin", ["argon2id", "bcrypt 2b", "django argon2"])
    def test_replaces_a_hash_of_another_system(self, app, origin):
        """After a login the hash is of the form that this system makes."""
        with app.app_context():
            renewed = passwords.renewed(HASHES[origin], factories.PASSWORD)

            assert renewed is not None
            assert passwords.renewed(renewed, factories.PASSWORD) is None
