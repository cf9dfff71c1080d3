"""Drives the sandbox for the suite of the contract."""

from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2
import msgspec

from mercato_kit.db import new_id
from mercato_payments_sandbox.client import Client
from mercato_payments_sandbox.provides import SandboxPayments
from mercato_payments_sandbox.server.ledger import Faults
from mercato_payments_sandbox.signatures import headers_of
from mercato_payments_sandbox.wire import (
    Confirmation,
    Event,
    NewPayment,
    NewRefund,
    Payment,
    Refund,
)
from mercato_testing.contracts import Webhook

QUICK_SECONDS = 0.3


class SandboxDriver:
    """Plays customers, staff and the network of a sandbox in this process."""

    pays = "4242 4242 4242 4242"
    declined = "4000000000000002"
    challenged = "4000000000003220"

    def __init__(self, sandbox, former_secret):
        self.provider = None
        self._sandbox = sandbox
        self._former_secret = former_secret

    def answer_challenge(self, ref, *, approved):
        """Send the form of the page."""
        answer = "approve" if approved else "decline"
        page = f"{self._sandbox.url}/3ds/{ref.reference}"
        httpx2.post(page, data={"answer": answer}, trust_env=False)

    def refund_by_hand(self, ref, amount):
        """Make a refund without an id of orders."""
        path = f"/payments/{ref.reference}/refunds"
        client = Client(self._sandbox.url, self._sandbox.secret, 5)
        client.post(path, NewRefund(amount), str(new_id()), Refund)

    @contextmanager
    def without_answers(self, *, effect):
        """Let every call time out, and soon."""
        ledger, client = self._sandbox.ledger, self.provider._client
        usual, client._timeout_seconds = client._timeout_seconds, QUICK_SECONDS
        ledger.set_faults(Faults(timeout_after=1) if effect else Faults(timeout_before=1))
        try:
            yield
        finally:
            ledger.set_faults(Faults())
            client._timeout_seconds = usual

    def webhooks(self):
        """Read the events from the ledger."""
        with self._sandbox.ledger.work() as work:
            rows = work.db.execute("SELECT body FROM event ORDER BY rowid").fetchall()
        return [self.sign(row["body"], datetime.now(UTC)) for row in rows]

    def sign(self, body, at, *, former=False):
        """Sign an event."""
        event = msgspec.json.decode(body, type=Event)
        secret = self._former_secret if former else self._sandbox.secret
        return Webhook(body, headers_of(secret, event.id, at, body))

    def foreign_webhook(self):
        """Return an event of another installation."""
        client = Client(self._sandbox.url, self._sandbox.secret, 5)
        new = NewPayment(new_id(), new_id(), 7, 100, "EUR", "another")
        opened = client.post("/payments", new, str(new_id()), Payment)
        body = Confirmation(self.pays)
        client.post(f"/payments/{opened.id}/confirm", body, str(new_id()), Payment)
        return self.webhooks()[-1]

    def with_wrong_credentials(self):
        """Return the provider with another secret."""
        provider = SandboxPayments()
        provider._client = Client(self._sandbox.url, "another secret", 5)
        return provider
