"""The shop pays at the sandbox: what becomes of an order with each test card."""

from collections import Counter

import httpx2
import pytest

from mercato_payments_sandbox.cards import CARDS

from .bank import SECRET, running_bank
from .market import Market, served
from .shop import free_port

ANSWERS = {
    "pays": (201, "captured", "paid"),
    "declined": (402, "payment_declined", "unpaid"),
    "no funds": (402, "payment_declined", "unpaid"),
    "3-D Secure": (201, "requires_action", "paid"),
    "slow": (201, None, "paid"),
    "time-out, not charged": (201, "processing", "unpaid"),
    "time-out, charged": (201, None, "paid"),
    "500 at first, not charged": (201, "processing", "unpaid"),
    "500, charged": (201, None, "paid"),
    "processing, then paid": (201, "processing", "paid"),
    "processing, then failed": (201, "processing", "unpaid"),
    "refund pending, then paid": (201, "captured", "paid"),
    "refund paid, then failed": (201, "captured", "paid"),
    "events thrice, shuffled, late": (201, "captured", "paid"),
    "event before the answer": (201, "captured", "paid"),
    "bad signature once": (201, "captured", "paid"),
    "authorisation gone after 10 s": (201, "captured", "paid"),
    "capture declined": (201, "captured", "paid"),
    "disputed": (201, "captured", "paid"),
}
"""By what a card does: the answer to the payment, and what the order is in the end.

With None, the answer is ``processing`` or ``captured``: the event may come before the time-out.
"""


@pytest.fixture
def market(boot, write_deployment, issuer, tmp_path):
    """A shop and a sandbox that hear each other."""
    port = free_port()
    webhook = f"http://127.0.0.1:{port}/v1/webhooks/payments/sandbox"
    with running_bank(tmp_path, webhook=webhook) as bank:
        quick = bank.table.replace("timeout_seconds = 5", "timeout_seconds = 2")
        app = boot(write_deployment("products", "orders", more=issuer.table + quick))
        headers = {"Authorization": f"Bearer {SECRET}"}
        driver = httpx2.Client(base_url=bank.sandbox.url, headers=headers, timeout=60)
        with driver, served(app, port):
            yield Market(app, "sandbox", driver, issuer)


def approve(action):
    """Approve a payment on the page of the bank, as the customer."""
    httpx2.post(action["url"], data={"answer": "approve"})


class TestCards:
    def test_end_as_they_say(self, market, database_url):
        """Whatever goes wrong, the order is paid exactly if the card was charged.

        A refund of each paid order is recorded as the bank has it, and the books agree.
        """
        paid = market.pay_each({behaviour: card for card, behaviour in CARDS.items()}, approve)

        ended = market.ends(paid, ANSWERS)
        assert ended == ANSWERS
        assert market.wrong(database_url) == []

        charged = [paid[name].order_id for name, end in ended.items() if end[2] == "paid"]
        refunded = market.refund_each(charged)

        states = {name: end[2] for name, end in market.ends(paid, ANSWERS).items()}
        assert refunded == [201] * len(charged)
        assert Counter(states.values()) == {"refunded": 13, "unpaid": 5, "paid": 1}
        assert states["refund paid, then failed"] == "paid"
        assert market.wrong(database_url) == []
