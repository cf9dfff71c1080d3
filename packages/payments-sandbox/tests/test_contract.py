import pytest

from mercato_payments_sandbox.provides import SandboxPayments
from mercato_testing.contracts import AuthorizingPaymentsSuite

from .driver import SandboxDriver


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestContract(AuthorizingPaymentsSuite):
    provider = SandboxPayments

    @pytest.fixture
    def driver(self, sandbox, settings):
        """Drives the sandbox of these tests."""
        return SandboxDriver(sandbox, settings["former_secrets"][0])

    @pytest.fixture
    def payments(self, app, driver):
        """The provider, which the driver can make impatient."""
        with app.app_context():
            driver.provider = SandboxPayments()
            yield driver.provider
