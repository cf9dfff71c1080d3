import pytest

from mercato_kit.settings import read
from mercato_oidc.settings import OidcSettings

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
            *("https://[::1", "https://id]example", "https://id.example:99999", "https://a..b"),
            *("https://id.example/keys\n", "https://-"),
        ],
    )
    def test_refuse_what_is_no_address(self, key, url):
        """A URL has http or https and a host, but no password and no fragment."""
        _, mistakes = read(OidcSettings, {**GOOD, key: url})

        assert [(mistake.key, mistake.kind) for mistake in mistakes] == [(key, "wrong")]

    @pytest.mark.parametrize("key", ["issuer", "jwks_uri"])
    def test_that_cannot_be_parsed_are_the_operators_mistake(self, plan_of, key):
        """A typing error in a URL is a K202 of the deployment, not a K106 of the feature."""
        plan = plan_of("production", {**GOOD, key: "https://[::1"})

        [fault] = [fault for fault in plan.faults if fault.severity == "error"]
        assert (fault.code, fault.feature) == ("K202", "oidc")
        assert key in fault.what

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

    @pytest.mark.parametrize(
        ("values", "found"),
        [
            ({}, []),
            ({"jwks_uri": "https://keys.id.example/"}, []),
            ({"issuer": "http://id.example"}, [("issuer", False)]),
            (
                {"issuer": "http://127.0.0.1", "jwks_uri": "https://127.0.0.1/"},
                [
                    ("issuer", False),
                    ("jwks_uri", False),
                ],
            ),
            ({"jwks_uri": "http://id.example/keys"}, [("jwks_uri", False)]),
            ({"jwks_uri": "https://localhost:8080/keys"}, [("jwks_uri", False)]),
            ({"jwks_uri": "https://[::1]/keys"}, [("jwks_uri", False)]),
            ({"jwks_uri": "https://169.254.169.254/keys"}, [("jwks_uri", False)]),
            ({"jwks_uri": "https://10.0.0.1/keys"}, [("jwks_uri", True)]),
            ({"jwks_uri": "https://keys.example/keys"}, [("jwks_uri", True)]),
            ({"jwks_uri": "https://evil-id.example/keys"}, [("jwks_uri", True)]),
        ],
    )
    def test_have_rules_for_production(self, values, found):
        """Unsafe are URLs in clear and keys from this machine; keys elsewhere may be accepted."""
        settings, _ = read(OidcSettings, {**GOOD, **values})

        unsafe = [
            (rule.key, rule.acceptable) for rule in settings.production if rule.unsafe(settings)
        ]

        assert unsafe == found
