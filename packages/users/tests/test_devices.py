import pytest

from mercato_users.devices import describe

MOZILLA = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "


class TestDescribe:
    @pytest.mark.parametrize(
        ("user_agent", "device"),
        [
            (f"{MOZILLA}Gecko/20100101 Firefox/131.0", "Firefox on Windows"),
            (f"{MOZILLA}Chrome/129.0.0.0 Safari/537.36", "Chrome on Windows"),
            (f"{MOZILLA}Chrome/129.0.0.0 Safari/537.36 Edg/129.0", "Edge on Windows"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) Chrome/129 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "macOS"),
            ("curl/8.5.0", "curl/8.5.0"),
            ("", None),
            (None, None),
        ],
    )
    def test_names_browser_and_system(self, user_agent, device):
        """Browsers name those that they descend from, too; a program has its first product."""
        assert describe(user_agent) == device
