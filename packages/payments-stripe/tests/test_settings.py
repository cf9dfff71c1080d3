import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose
from mercato_kit.settings import read
from mercato_payments_stripe.feature import feature
from mercato_payments_stripe.settings import PaymentsStripeSettings, installation_ids

SAFE = {"SECRET_KEY": "sk_live_hush", "WEBHOOK_SECRETS": "whsec_hush,whsec_hush_too"}


def faults_in_production(environ, **settings):
    """Return code and text of each fault of a production deployment."""
    values = {
        "environment": "production",
        "server": {"hosts": ["shop.example"], "trusted_proxies": 0},
        "features": {"payments_stripe": {"editable": True, "settings": settings}},
    }
    prefix = "MERCATO_FEATURES__PAYMENTS_STRIPE__SETTINGS__"
    known = {f"{prefix}{name}": text for name, text in environ.items()}
    known["MERCATO_SECRET_KEY"] = "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"
    found = compose(read_deployment(values, environ=known), [feature]).faults
    return [(one.code, one.what) for one in found if "payments_stripe" in one.what]


class TestPaymentsStripeSettings:
    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("secret_key", "pk_live_123"),
            ("secret_key", "whsec_123"),
            ("secret_key", "sk_123"),
            ("publishable_key", "sk_live_123"),
            ("publishable_key", "pk_live_123"),
            ("webhook_secrets", "we_123"),
            ("webhook_secrets", "whsec_a,we_123"),
            ("url", "api.stripe.com"),
            ("payment_method_types", []),
            ("timeout_seconds", 11),
        ],
    )
    def test_name_what_is_wrong(self, key, value):
        """A value that cannot work is a mistake of the operator, under its name."""
        _, mistakes = read(PaymentsStripeSettings, {"secret_key": "sk_test_123", key: value})

        assert [(one.key, one.kind) for one in mistakes] == [(key, "wrong")]
        assert "123" not in mistakes[0].detail or key == "publishable_key"

    def test_never_show_secrets(self):
        """Secrets are in no text of the settings."""
        values = {"secret_key": "sk_test_hush", "webhook_secrets": "whsec_hush,whsec_other"}

        settings, _ = read(PaymentsStripeSettings, values)

        assert "hush" not in repr(settings)
        assert len(settings.webhook_secrets) == 2

    @pytest.mark.provokes("K206")
    @pytest.mark.parametrize(
        ("environ", "settings", "why"),
        [
            (SAFE | {"SECRET_KEY": "sk_test_hush"}, {}, "test mode"),
            (SAFE | {"SECRET_KEY": "rk_test_hush"}, {}, "test mode"),
            ({"SECRET_KEY": "sk_live_hush"}, {}, "every event"),
            (SAFE, {"url": "http://127.0.0.1:5003"}, "another server"),
        ],
    )
    def test_are_safe_in_production(self, environ, settings, why):
        """Production refuses test mode, events without a signature, and another server."""
        faults = faults_in_production(environ, **settings)

        assert [code for code, _ in faults] == ["K206"]
        assert why in faults[0][1]
        assert "hush" not in faults[0][1]

    def test_of_production(self):
        """A restricted live key with a webhook secret is fine."""
        assert not faults_in_production(SAFE | {"SECRET_KEY": "rk_live_hush"})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestInstallationIds:
    def test_is_derived(self, app):
        """Without a setting, it is the same in every process of a deployment."""
        with app.app_context():
            first, second = installation_ids(), installation_ids()

        assert first == second
        assert [len(one) for one in first] == [16]

    class TestIfItIsGiven:
        @pytest.fixture
        def settings(self, settings):
            """Settings with an id."""
            return {**settings, "installation": "shop-1"}

        def test_is_the_one_in_the_settings(self, app):
            """It does not change with the secret key of the shop then."""
            with app.app_context():
                assert installation_ids() == ("shop-1",)
