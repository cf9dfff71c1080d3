import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose
from mercato_kit.settings import read
from mercato_payments_sandbox.feature import feature
from mercato_payments_sandbox.settings import (
    PaymentsSandboxSettings,
    accepted_secrets,
    current_secret,
    installation_ids,
)


class TestPaymentsSandboxSettings:
    @pytest.mark.parametrize("url", ["127.0.0.1:5002", "ftp://127.0.0.1", "http://a b", ""])
    def test_have_an_address(self, url):
        """An address that is no http URL is a mistake of the operator."""
        _, mistakes = read(PaymentsSandboxSettings, {"url": url})

        assert [(mistake.key, mistake.kind) for mistake in mistakes] == [("url", "wrong")]

    def test_never_show_secrets(self):
        """Secrets are in no text of the settings."""
        values = {"secret": "hush-hush", "former_secrets": "hush-one,hush-two"}

        settings, _ = read(PaymentsSandboxSettings, values)

        assert "hush" not in repr(settings)
        assert [one.reveal() for one in settings.former_secrets] == ["hush-one", "hush-two"]

    @pytest.mark.provokes("K206")
    def test_are_for_development(self):
        """Production refuses the feature."""
        values = {
            "environment": "production",
            "server": {"hosts": ["shop.example"], "trusted_proxies": 0},
            "features": {"payments_sandbox": {"editable": True}},
        }
        environ = {"MERCATO_SECRET_KEY": "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"}

        faults = compose(read_deployment(values, environ=environ), [feature]).faults

        assert "play money" in next(one.what for one in faults if one.code == "K206")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestCurrentSecret:
    def test_is_the_one_in_the_settings(self, app, settings):
        """The settings say the secret."""
        with app.app_context():
            assert current_secret() == settings["secret"]

    class TestByDefault:
        @pytest.fixture
        def settings(self):
            """No settings."""
            return {}

        def test_is_derived(self, app):
            """Without one, it is the same in every process of a deployment; so is the id."""
            with app.app_context():
                secrets = {current_secret() for _ in range(2)}
                ids = {tuple(installation_ids()) for _ in range(2)}

            assert [len(found) for found in (secrets, ids)] == [1, 1]
            assert len(secrets.pop()) == 64

        def test_is_accepted_after_the_key_changed(self, app, server_key):
            """Webhooks and payments of the previous key are known until it is not accepted."""
            with app.app_context():
                before = current_secret(), installation_ids()[0]
                server_key.change()
                after = current_secret(), installation_ids()[0]

                assert accepted_secrets()[:2] == [after[0], before[0]]
                assert installation_ids() == [after[1], before[1]]
                assert after != before
