import httpx2
import pytest

from .conftest import running_relay
from .stripe_api import StripeApi


class TestRelay:
    def test_passes_on_and_loses_answers(self, stripe, server):
        """What test mode is tested through passes requests on, and loses what it is asked to."""
        with running_relay(server.url) as url:
            relayed = StripeApi(url)
            reference = relayed.intent()
            for fault in ("timeout_before", "timeout_after"):
                relayed.faults(**{fault: 1})
                with pytest.raises(httpx2.TimeoutException):
                    relayed.http.get("/v1/balance", timeout=0.3)
            relayed.faults()
            found = relayed.get(f"payment_intents/{reference}")
            relayed.http.close()

        assert found["id"] == reference
        assert stripe.get(f"payment_intents/{reference}") == found
