import pytest

from mercato_notifications.senders import parse_sender


class TestParseSender:
    @pytest.mark.parametrize(
        ("text", "header"),
        [
            ("shop@localhost", "shop@localhost"),
            ("Shop <shop@example.com>", "Shop <shop@example.com>"),
            ("Bücher <shop@bücher.example>", "Bücher <shop@xn--bcher-kva.example>"),
        ],
    )
    def test_has_an_a_label(self, text, header):
        """A sender has a name or none, and a domain in ASCII."""
        assert str(parse_sender(text)) == header

    @pytest.mark.parametrize(
        "text", ["", "shop", "a@b, c@d", "a@b\nBcc: c@d", "shop@\u2603.example"]
    )
    def test_refuses(self, text):
        """Anything but one address raises ValueError."""
        with pytest.raises(ValueError, match=r"."):
            parse_sender(text)
