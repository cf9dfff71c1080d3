from dataclasses import replace
from email.policy import SMTP

import pytest
from hypothesis import given, strategies as st

from mercato_contracts.mailer import Mail
from mercato_kit.db import utc_now
from mercato_kit.emails import parse
from mercato_notifications.letters import message_of

MAIL = Mail("1@b.cd", utc_now(), "a@example.com", None, "Hi", "Hello.\n", "<p>Hello.</p>\n")

LOCAL = st.text(
    st.one_of(st.sampled_from("ab.+-_'\"!#%{}|~\\ ,;:<>()[]@\r\nİßﬀ"), st.characters()),
    min_size=1,
    max_size=20,
)
DOMAIN = st.sampled_from(["example.com", "EXAMPLE.com", "bücher.example", "ß.example", "[1.2.3.4]"])


class TestMessageOf:
    def test_has_all_headers_and_both_contents(self):
        """The message has the standard headers, its text and its HTML."""
        message = message_of(replace(MAIL, reply_to="help@b.cd"), "Shop <shop@example.com>")

        assert (message["From"], message["To"]) == ("Shop <shop@example.com>", "a@example.com")
        assert (message["Reply-To"], message["Message-ID"]) == ("help@b.cd", "<1@b.cd>")
        assert (message["Auto-Submitted"], bool(message["Date"])) == ("auto-generated", True)
        parts = [(one.get_content_type(), one.get_content()) for one in message.iter_parts()]
        assert parts == [("text/plain", "Hello.\n"), ("text/html", "<p>Hello.</p>\n")]

    @pytest.mark.parametrize(
        "changed",
        [
            {"to": "a@example.com\r\nBcc: b@example.com"},
            {"subject": "Hi\nBcc: b@example.com"},
            {"message_id": "1@b.cd>\nBcc: b@example.com"},
            {"reply_to": "a@example.com\nBcc: b@example.com"},
        ],
    )
    def test_refuses_line_breaks_in_headers(self, changed):
        """A line break in a header is refused, so that no recipient can be injected."""
        with pytest.raises(ValueError, match=r"."):
            message_of(replace(MAIL, **changed), "shop@example.com")

    def test_is_in_ascii_unless_an_address_is_not(self):
        """Any server takes a mail whose addresses are in ASCII, also if its text is not."""
        mail = replace(MAIL, to="a@bücher.example", subject="Größe", text="ß" * 2000)

        message = message_of(mail, "Bücher <shop@bücher.example>")

        written = message.as_bytes()
        assert written.isascii()
        assert b"To: a@xn--bcher-kva.example" in written
        assert b"shop@xn--bcher-kva.example" in message.as_bytes(policy=SMTP)
        assert max(map(len, written.splitlines())) <= 998

    def test_keeps_the_letters_before_the_at(self):
        """The part before the @ stays as written, and the domain is the A-label."""
        message = message_of(replace(MAIL, to="Пётр@Пример.рф"), "shop@example.com")

        assert "To: Пётр@xn--e1afmkfd.xn--p1ai".encode() in message.as_bytes()

    @given(LOCAL, DOMAIN)
    def test_has_one_recipient(self, local, domain):
        """An address that is accepted fits a header, and is one recipient."""
        address = f"{local}@{domain}"
        try:
            parse(address)
        except ValueError:
            return

        message = message_of(replace(MAIL, to=address), "shop@example.com")

        assert message["To"].addresses[0].addr_spec
        assert message.as_bytes().count(b"\nTo:") == 1
