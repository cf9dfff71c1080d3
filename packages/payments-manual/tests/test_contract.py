import pytest

from mercato_contracts.payments import Capabilities
from mercato_payments_manual.provides import ManualPayments
from mercato_testing.contracts import PaymentsSuite


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestContract(PaymentsSuite):
    provider = ManualPayments


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestManualPayments:
    @pytest.fixture(params=[False, True])
    def settings(self, request):
        """With and without payment by customers."""
        return {"by_customer": request.param}

    def test_says_who_may_pay(self, app, settings):
        """It is local, and for customers if the setting says so; by default for staff only."""
        with app.app_context():
            capabilities = ManualPayments().capabilities

        assert capabilities == Capabilities(remote=False, by_customer=settings["by_customer"])
        assert ManualPayments.capabilities == Capabilities(remote=False, by_customer=False)
