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

SAFE = {
    "link_base_url": "https://www.your-shop.tld",
    "mail": "smtp",
    "mail_from": "Shop <shop@your-shop.tld>",
}


def pem(key, encryption=None):
    """Return a private key as PEM."""
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    ).decode()


def refused(**values):
    """Return the keys that production refuses, and whether each may be accepted."""
    settings, mistakes = read(UsersSettings, SAFE | values)
    assert mistakes == []
    return [(rule.key, rule.acceptable) for rule in settings.production if rule.unsafe(settings)]


class TestProduction:
    def test_accepts_real_addresses(self):
        """Links over https, a sender with a domain, and a mail server on this machine are safe."""
        assert refused() == []

    @pytest.mark.parametrize(
        "url",
        [
            "http://www.your-shop.tld",
            "https://127.0.0.1",
            "https://[::1]:8443",
            "https://10.0.0.7/shop",
            "https://localhost",
            "https://shop",
            "https://shop.local",
            "https://www.example.com",
            "https://example.org",
            "https://shop.example",
        ],
    )
    def test_refuses_links_that_customers_cannot_open(self, url):
        """Links in clear, to this machine, a private network or a placeholder are refused."""
        assert refused(link_base_url=url) == [("link_base_url", False)]

    @pytest.mark.parametrize("sender", ["shop@localhost", "shop@example.com", "Shop <a@b>"])
    def test_refuses_senders_that_nobody_can_answer(self, sender):
        """The sender has a domain that is not a placeholder."""
        assert refused(mail_from=sender) == [("mail_from", False)]

    @pytest.mark.parametrize(("way", "acceptable"), [("console", False), ("folder", True)])
    def test_refuses_mails_that_are_not_sent(self, way, acceptable):
        """A folder of mails may be accepted, for example in staging; the console may not."""
        assert refused(mail=way) == [("mail", acceptable)]

    @pytest.mark.parametrize(
        ("values", "found"),
        [
            ({}, [("smtp_starttls", True)]),
            ({"smtp_username": "shop", "smtp_password": "pw"}, [("smtp_starttls", False)]),
            ({"smtp_starttls": True, "smtp_password": "pw"}, []),
        ],
    )
    def test_refuses_mail_servers_in_clear(self, values, found):
        """Mails in clear may be accepted, a password in clear may not."""
        assert refused(smtp_host="mail.your-shop.tld", **values) == found


WRONG = {
    "link_base_url": [
        *(
            "www.your-shop.tld",
            "ftp://www.your-shop.tld",
            "https://",
            "https://[::1",
            "https://a]b",
        ),
        *("https://your-shop.tld/a b", "https://your-shop.tld\n", "https://your-shop.tld:99999"),
        *("https://your-shop.tld?x=1", "https://your-shop.tld#x", "https://me:hush@your-shop.tld"),
    ],
    "mail_from": [
        *("", "shop", "@your-shop.tld", "shop@", "a@b@c.d", "shop@your-shop.tld, b@c.d", "a b@c.d"),
        *("shop@your-shop.tld\nBcc: x@y.z", "Shop <shop@your-shop.tld", "Shop <>", "A, B <a@b.c>"),
        *(
            "Shop\0 <a@b.c>",
            "A: a@b.c, d@e.f;",
            "a@b.c x",
            "a@b.c?",
            "a@b.c>",
            "a<>@b.c",
            "()@b",
            "a b <c@d.e> f <g@h.i>",
        ),
    ],
    "smtp_host": ["", "mail:587", "smtp://mail", "mail\n", "a b", "me@mail", "10.0.0.300", "[::1]"],
}


class TestTexts:
    @pytest.mark.parametrize(("key", "value"), [(key, one) for key in WRONG for one in WRONG[key]])
    def test_of_another_form_are_mistakes(self, key, value):
        """A value that is no URL, sender or host is a mistake in every environment, not shown."""
        _, [mistake] = read(UsersSettings, SAFE | {key: value})

        assert (mistake.key, mistake.kind) == (key, "wrong")
        assert "hush" not in mistake.detail

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("link_base_url", "http://127.0.0.1:5000"),
            ("link_base_url", "https://[::1]:8443/shop/"),
            ("mail_from", "Mr. Shop <shop@your-shop.tld>"),
            ("mail_from", '"Shop, Inc." <shop@your-shop.tld>'),
            ("mail_from", "Café <shop@localhost>"),
            ("smtp_host", "mail_1"),
            ("smtp_host", "::1"),
        ],
    )
    def test_of_the_right_form_are_accepted(self, key, value):
        """Ports, paths, names before an address, and addresses of hosts are accepted."""
        settings, mistakes = read(UsersSettings, SAFE | {key: value})

        assert (mistakes, getattr(settings, key)) == ([], value)


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
