import pytest

from mercato_kit.settings import read
from mercato_oidc.settings import OidcSettings, is_plain_http

GOOD = {
    "issuer": "https://id.example",
    "audience": "mercato",
    "jwks_uri": "https://id.example/keys?tenant=1",
}


class TestOidcSettings:
    def test_are_three_at_least(self):
        """Issuer, audience and URL of the keys are required; the rest has defaults."""
        settings, mistakes = read(OidcSettings, GOOD)

        assert mistakes == []
        assert settings.permissions_claim == "permissions"

    @pytest.mark.parametrize("key", ["issuer", "jwks_uri"])
    @pytest.mark.parametrize(
        "url",
        [
            *("id.example", "ftp://id.example", "https://", "https:///keys", "file:///keys"),
            *("https://id.example/a b", "https://user:secret@id.example", "https://id.example/#a"),
        ],
    )
    def test_refuse_what_is_no_address(self, key, url):
        """A URL has http or https and a host, but no password and no fragment."""
        _, mistakes = read(OidcSettings, {**GOOD, key: url})

        assert [(mistake.key, mistake.kind) for mistake in mistakes] == [(key, "wrong")]

    @pytest.mark.parametrize("key", ["issuer", "jwks_uri"])
    def test_in_clear_are_refused_by_production(self, plan_of, key):
        """K206 names the key, its place and a safe value; development accepts plain http."""
        settings = {**GOOD, key: "http://id.example/keys"}

        refused, accepted = plan_of("production", settings), plan_of("development", settings)

        [fault] = [fault for fault in refused.faults if fault.severity == "error"]
        assert (fault.code, fault.feature) == ("K206", "oidc")
        assert key in fault.what
        assert "https://" in fault.fix
        assert accepted.fits

    @pytest.mark.parametrize("key", ["issuer", "jwks_uri"])
    def test_have_a_rule_for_production(self, key):
        """A plain http URL is unsafe, and only the rule of its key reports it."""
        settings, _ = read(OidcSettings, {**GOOD, key: "http://id.example/keys"})

        unsafe = [rule.key for rule in OidcSettings.production if rule.unsafe(settings)]

        assert unsafe == [key]


class TestIsPlainHttp:
    @pytest.mark.parametrize(
        ("url", "plain"),
        [
            ("https://id.example/keys", False),
            ("http://id.example/keys", True),
            ("HTTP://id.example/keys", True),
            ("http://10.0.0.1:8080/keys", True),
            ("http://localhost:8080/keys", False),
            ("http://127.0.0.1/keys", False),
            ("http://[::1]:8080/keys", False),
            ("http://localhost.example/keys", True),
        ],
    )
    def test_is_http_to_another_machine(self, url, plain):
        """Loopback needs no encryption."""
        assert is_plain_http(url) is plain
