import pytest

from mercato_kit.settings import read
from mercato_notifications.settings import NotificationsSettings

SAFE = {
    "link_base_url": "https://www.your-shop.tld",
    "mail": "smtp",
    "mail_from": "Shop <shop@your-shop.tld>",
}


def refused(**values):
    """Return the keys that production refuses, and whether each may be accepted."""
    settings, mistakes = read(NotificationsSettings, SAFE | values)
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
    def test_refuses_senders_without_a_domain(self, sender):
        """The sender has a domain that is not a placeholder."""
        assert refused(mail_from=sender) == [("mail_from", False)]

    @pytest.mark.parametrize(("way", "acceptable"), [("console", False), ("folder", True)])
    def test_refuses_mails_that_are_not_sent(self, way, acceptable):
        """A folder of mails may be accepted, for example in staging; the console may not."""
        assert refused(mail=way) == [("mail", acceptable)]

    def test_refuses_a_mailbox_that_anyone_can_read(self):
        """The pages that show mails are for development."""
        assert refused(mailbox=True) == [("mailbox", False)]

    @pytest.mark.parametrize(
        ("values", "found"),
        [
            ({"smtp_security": "none"}, [("smtp_security", True)]),
            (
                {"smtp_security": "none", "smtp_username": "shop", "smtp_password": "pw"},
                [("smtp_security", False)],
            ),
            ({"smtp_security": "tls", "smtp_password": "pw"}, []),
            ({"smtp_password": "pw"}, []),
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
    "reply_to": ["", "shop", "Shop <shop@your-shop.tld>"],
    "staff_email": ["", "staff@localhost"],
    "locale": ["", "../de", "de_AT", "x" * 36],
    "templates": ["/nowhere/at/all"],
    "smtp_host": ["", "mail:587", "smtp://mail", "mail\n", "a b", "me@mail", "10.0.0.300", "[::1]"],
}


class TestTexts:
    @pytest.mark.parametrize(("key", "value"), [(key, one) for key in WRONG for one in WRONG[key]])
    def test_of_another_form_are_mistakes(self, key, value):
        """Another value than a URL, sender or host is a mistake in every environment, not shown."""
        _, [mistake] = read(NotificationsSettings, SAFE | {key: value})

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
            ("locale", "pt-BR"),
            ("reply_to", "help@your-shop.tld"),
            ("smtp_host", "mail_1"),
            ("smtp_host", "::1"),
        ],
    )
    def test_of_the_right_form_are_accepted(self, key, value):
        """Ports, paths, names before an address, and addresses of hosts are accepted."""
        settings, mistakes = read(NotificationsSettings, SAFE | {key: value})

        assert (mistakes, getattr(settings, key)) == ([], value)
