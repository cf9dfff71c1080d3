"""Values of settings as they are shown."""

import pytest

from mercato_composition.report.settings import without_credentials


class TestWithoutCredentials:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("https://ada:hunter2@shop.example/x", "https://***@shop.example/x"),
            ("https://hunter2@shop.example", "https://***@shop.example"),
            ("https://ada:hunt@er2@shop.example", "https://***@shop.example"),
            ("https://shop.example/x?token=hunter2#top", "https://shop.example/x?***"),
            ("amqp://a:b@one.example, amqp://c:d@two.example", "amqp://***@one.example, "),
            ("https://shop.example/a/b", "https://shop.example/a/b"),
            ("ada@shop.example", "ada@shop.example"),
            ("Is it there?", "Is it there?"),
        ],
    )
    def test_hides_userinfo_and_query_of_urls(self, text, shown):
        """Userinfo and query may be a password or a token; all else stays readable."""
        hidden = without_credentials(text)

        assert hidden.startswith(shown)
        assert not any(secret in hidden for secret in ("hunter2", "er2", "a:b", "c:d"))
