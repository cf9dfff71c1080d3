import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from mercato_kit.settings import read
from mercato_users.settings import UsersSettings


def pem(key, encryption=None):
    """Return a private key as PEM."""
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    ).decode()


class TestSigningKey:
    def test_is_an_ed25519_key(self):
        """An Ed25519 private key is accepted."""
        settings, mistakes = read(
            UsersSettings, {"signing_key": pem(ed25519.Ed25519PrivateKey.generate())}
        )

        assert (mistakes, settings.signing_key is None) == ([], False)

    @pytest.mark.parametrize(
        "key",
        [
            "no key at all",
            pem(ec.generate_private_key(ec.SECP256R1())),
            pem(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"a passphrase")),
        ],
        ids=["text", "another kind", "with a passphrase"],
    )
    def test_refuses_others(self, key):
        """Another key is a mistake of this setting, in every environment, and is not shown."""
        _, [mistake] = read(UsersSettings, {"signing_key": key})

        assert (mistake.key, mistake.kind) == ("signing_key", "wrong")
        assert key.splitlines()[0] not in mistake.detail


class TestBreachedPasswords:
    def test_is_a_list(self, tmp_path):
        """A file with a SHA-1 in each line is accepted."""
        file = tmp_path / "breached.txt"
        file.write_text(f"{'0' * 40}:7\n")

        settings, mistakes = read(UsersSettings, {"breached_passwords": str(file)})

        assert (mistakes, settings.breached_passwords) == ([], str(file))

    @pytest.mark.parametrize("text", [None, "", "password\n"], ids=["none", "empty", "plain"])
    def test_refuses_others(self, tmp_path, text):
        """A file that is missing, or not a list, is a mistake: it would refuse nothing."""
        file = tmp_path / "breached.txt"
        if text is not None:
            file.write_text(text)

        _, mistakes = read(UsersSettings, {"breached_passwords": str(file)})

        assert [mistake.key for mistake in mistakes] == ["breached_passwords"]
