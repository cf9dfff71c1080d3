import pytest

from mercato_composition.faults import DeploymentError
from mercato_contracts.payments import Capabilities, Payments
from mercato_kit.feature import Feature, Offer

from .bank import Bank

SIMPLE = Feature(
    name="simple",
    summary="A fake of payments.",
    offers=[Offer(Payments, "1.0", lambda: Bank("simple", Capabilities()), name="simple")],
)


class TestCaptureAt:
    @pytest.fixture
    def settings(self):
        """Customers are charged when their units are shipped."""
        return {"capture_at": "fulfillment"}

    def test_needs_providers_that_authorize(self, staged):
        """A deployment with a provider that captures at once does not start."""
        with pytest.raises(DeploymentError) as refused:
            staged(SIMPLE)

        assert "these do not: simple" in str(refused.value)

    def test_providers_here_capture_at_once(self, charlie, alices_order):
        """What staff record is captured, whatever the setting says."""
        path = f"/v1/orders/{alices_order['id']}/payments"

        paid = charlie.post(path, json={"provider": "desk"})

        assert paid.json["status"] == "captured"
