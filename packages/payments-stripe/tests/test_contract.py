import pytest

from mercato_payments_stripe.provides import StripePayments
from mercato_payments_stripe.settings import API_URL
from mercato_testing.contracts import AuthorizingPaymentsSuite

from .conftest import TEST_KEY, running_relay
from .driver import StripeDriver
from .stripe_api import StripeApi


@pytest.fixture(scope="module")
def test_mode():
    """Stripe's test mode, as staff see it; None without the variable STRIPE_TEST_KEY."""
    if not TEST_KEY:
        yield None
        return
    with running_relay(API_URL) as url:
        yield StripeApi(url, TEST_KEY)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestContract(AuthorizingPaymentsSuite):
    """The promises of a provider, at the local Stripe.

    With the variable ``STRIPE_TEST_KEY``, a secret key of test mode, they are tested at Stripe
    instead, without those in which the customer answers 3-D Secure.
    """

    provider = StripePayments
    if TEST_KEY:
        # In test mode only a browser can answer 3-D Secure.
        test_asks_for_3d_secure = None
        test_a_customer_may_fail_3d_secure = None
        test_void_ends_3d_secure = None

    @pytest.fixture
    def settings(self, settings, test_mode):
        """Settings of a shop that calls Stripe."""
        if test_mode is None:
            return settings
        return {**settings, "secret_key": TEST_KEY, "url": str(test_mode.http.base_url)}

    @pytest.fixture
    def driver(self, stripe, test_mode):
        """Drives Stripe."""
        return StripeDriver(test_mode or stripe)

    @pytest.fixture
    def payments(self, app, driver):
        """The provider, which the driver can make impatient."""
        with app.app_context():
            driver.provider = StripePayments()
            yield driver.provider
