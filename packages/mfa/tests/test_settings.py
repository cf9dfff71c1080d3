import pytest

from mercato_kit.settings import read
from mercato_mfa.settings import MfaSettings


class TestMfaSettings:
    def test_are_optional(self):
        """All settings have defaults, for a developer's machine."""
        assert read(MfaSettings, {}) == (MfaSettings(), [])

    @pytest.mark.parametrize(
        "origin",
        ["https://your-shop.tld", "https://www.your-shop.tld", "http://your-shop.tld:8000"],
    )
    def test_take_origins_of_the_domain(self, origin):
        """Passkeys of a domain work on it and below it."""
        settings, mistakes = read(MfaSettings, {"rp_id": "your-shop.tld", "origins": [origin]})

        assert (settings.origins, mistakes) == ((origin,), [])

    @pytest.mark.parametrize(
        ("key", "values"),
        [
            ("rp_id", {"rp_id": "https://your-shop.tld"}),
            ("origins", {"rp_id": "your-shop.tld"}),
            ("origins", {"origins": []}),
            ("origins", {"origins": ["localhost:5000"]}),
            ("origins", {"origins": ["http://localhost:5000/shop"]}),
            ("origins", {"origins": ["http://my-localhost"]}),
        ],
    )
    def test_refuse_other_values(self, key, values):
        """A browser would refuse passkeys, or another site could use them."""
        settings, mistakes = read(MfaSettings, values)

        assert settings is None
        assert [mistake.key for mistake in mistakes] == [key]

    def test_suggest_an_origin_of_the_domain(self):
        """The default is of another domain, so the fix names an origin that fits."""
        _, [mistake] = read(MfaSettings, {"rp_id": "your-shop.tld"})

        assert mistake.instead == ["https://your-shop.tld"]

    def test_take_origins_of_the_environment(self):
        """A variable has them with commas."""
        given = {"origins": "http://localhost:5000, http://localhost:5173"}

        settings, mistakes = read(MfaSettings, given)

        assert mistakes == []
        assert settings.origins == ("http://localhost:5000", "http://localhost:5173")
