import pytest

from mercato_composition.faults import DeploymentError
from mercato_payments_stripe.checks import PATH, check_account, check_key
from mercato_payments_stripe.feature import feature
from mercato_payments_stripe.webhooks import EVENTS
from mercato_payments_stripe.wire import API_VERSION
from mercato_testing.stage import make_app, set_up

URL = f"https://shop.example{PATH}"


def add_endpoint(stripe, *, events=EVENTS, **values):
    """Create a webhook endpoint."""
    listed = {f"enabled_events[{number}]": name for number, name in enumerate(events)}
    stripe.post("webhook_endpoints", **{"url": URL, "api_version": API_VERSION, **listed, **values})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestCheckAccount:
    @pytest.fixture
    def finding(self, app, stripe):
        """A function that runs the check."""

        def run():
            with app.app_context():
                return check_account()

        return run

    def test_finds_nothing_wrong(self, stripe, finding):
        """An endpoint with the version and the events of this feature is fine."""
        add_endpoint(stripe)

        assert finding() is None

    def test_takes_all_events(self, stripe, finding):
        """An endpoint may send every event."""
        add_endpoint(stripe, events=["*"])

        assert finding() is None

    def test_misses_an_endpoint(self, stripe, finding):
        """An endpoint of something else is none."""
        add_endpoint(stripe, url="https://shop.example/other")

        assert PATH in finding()

    def test_misses_events(self, stripe, finding):
        """Events that the endpoint does not send are named."""
        add_endpoint(stripe, events=[one for one in EVENTS if not one.startswith("refund")])

        assert finding().endswith("does not send refund.created, refund.failed, refund.updated")

    def test_finds_another_version(self, stripe, finding):
        """Events of another version would have to be fetched each."""
        add_endpoint(stripe, api_version="2020-08-27")

        assert API_VERSION in finding()

    def test_one_good_endpoint_is_enough(self, stripe, finding):
        """While endpoints are replaced there are two."""
        add_endpoint(stripe, api_version="2020-08-27")
        add_endpoint(stripe)

        assert finding() is None

    class TestWithAnotherKey:
        @pytest.fixture
        def settings(self, settings):
            """Settings with a key that Stripe does not know."""
            return {**settings, "secret_key": "sk_test_another"}

        def test_says_that_stripe_refuses_it(self, finding):
            """A key that was revoked is found."""
            assert finding() == "Stripe does not answer: Stripe refuses the key (status 401)"


class TestCheckKey:
    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    def test_allows_test_mode(self, app):
        """A key of test mode is for development."""
        with app.app_context():
            assert check_key() is None

    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
    def test_refuses_live_keys(self, settings, tmp_path, key):
        """Real customers are charged in production only: the app does not start."""
        stage = set_up(feature, [], {**settings, "secret_key": key, "publishable_key": None})

        with pytest.raises(DeploymentError) as refused:
            make_app(stage, f"sqlite:///{tmp_path}/shop.db")

        [fault] = refused.value.faults
        assert fault.code == "K202"
        assert "a live key charges real customers, and the environment is testing" in fault.what
