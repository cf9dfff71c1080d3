"""Drives Stripe for the suite of the contract: the local one, or its test mode."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime

from mercato_kit.db import new_id
from mercato_payments_stripe.client import Client
from mercato_payments_stripe.provides import StripePayments
from mercato_testing.contracts import Webhook

from .conftest import FORMER_SECRET
from .local_stripe import WEBHOOK_SECRET
from .local_stripe.events import signed
from .local_stripe.methods import CHALLENGED, DECLINED, PAYS

QUICK_SECONDS = 0.3


class StripeDriver:
    """Plays customers, staff and the network.

    Args:
        stripe: Stripe as its staff see it.
    """

    pays, declined, challenged = PAYS, DECLINED, CHALLENGED

    def __init__(self, stripe):
        self.provider = None
        self._stripe = stripe

    def answer_challenge(self, ref, *, approved):
        """Send the form of the page of the local Stripe."""
        answer = "approve" if approved else "decline"
        self._stripe.http.post(f"/3ds/{ref.reference}", data={"answer": answer})

    def refund_by_hand(self, ref, amount):
        """Make a refund without metadata."""
        self._stripe.post("refunds", payment_intent=ref.reference, amount=amount)

    @contextmanager
    def without_answers(self, *, effect):
        """Let every call time out, and soon."""
        client = self.provider._client
        usual, client._timeout_seconds = client._timeout_seconds, QUICK_SECONDS
        self._stripe.faults(**{"timeout_after" if effect else "timeout_before": 1})
        try:
            yield
        finally:
            self._stripe.faults()
            client._timeout_seconds = usual

    def webhooks(self):
        """List the events."""
        return [self.sign(body, datetime.now(UTC)) for body in self._stripe.events()]

    def sign(self, body, at, *, former=False):
        """Sign an event."""
        secret = FORMER_SECRET if former else WEBHOOK_SECRET
        return Webhook(body, signed(body.decode(), secret, int(at.timestamp())))

    def foreign_webhook(self):
        """Return an event of another installation."""
        reference = self._stripe.intent(**{"metadata[installation]": "another"})
        self._stripe.confirm(reference)
        bodies = (one for one in self._stripe.events() if _intent_of(one) == reference)
        return self.sign(list(bodies)[-1], datetime.now(UTC))

    def with_wrong_credentials(self):
        """Return the provider with another key."""
        provider = StripePayments()
        provider._client = Client(f"sk_test_{new_id().hex}", str(self._stripe.http.base_url), 5)
        return provider


def _intent_of(body):
    return json.loads(body)["data"]["object"]["id"]
