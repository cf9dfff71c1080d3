"""The shop pays at a local Stripe: what becomes of an order with each payment method."""

import os
import subprocess
from collections import Counter
from functools import partial

import httpx2
import pytest

from .market import Market, served
from .providers import STRIPE
from .shop import Shop, free_port, wait_until_ready

ANSWERS = {
    None: (201, "requires_action", "paid"),
    "pm_card_visa": (201, "captured", "paid"),
    "pm_card_visa_chargeDeclined": (402, "payment_declined", "unpaid"),
    "pm_card_threeDSecure2Required": (201, "requires_action", "paid"),
    "pm_card_createDispute": (201, "captured", "paid"),
    "pm_card_pendingRefund": (201, "captured", "paid"),
    "pm_card_refundFail": (201, "captured", "paid"),
    "pm_local_lost": (201, "processing", "unpaid"),
    "pm_local_lostCharged": (201, None, "paid"),
    "pm_local_error": (201, "processing", "unpaid"),
    "pm_local_errorCharged": (201, None, "paid"),
    "pm_local_processing": (201, "processing", "paid"),
    "pm_local_processingFails": (201, "processing", "unpaid"),
    "pm_local_eventsThrice": (201, "captured", "paid"),
    "pm_local_eventFirst": (201, "captured", "paid"),
    "4242424242424242": (422, "validation_failed", "unpaid"),
    "tok_visa": (422, "validation_failed", "unpaid"),
}
"""By payment method: the answer to the payment, and what the order is in the end.

Without one, the browser confirms. With None, the answer is ``processing`` or ``captured``: the
event may come before the time-out.
"""


@pytest.fixture
def market(boot, write_deployment, issuer, tmp_path):
    """A shop and a local Stripe that hear each other."""
    port, bank_port = free_port(), free_port()
    url = f"http://127.0.0.1:{bank_port}"
    more = f'{STRIPE.table}url = "{url}"\ntimeout_seconds = 2\n{issuer.table}'
    path = write_deployment("products", "orders", more=more)
    process = subprocess.Popen(STRIPE.command(Shop(path, os.environ, port), bank_port, tmp_path))
    try:
        wait_until_ready(url, [process])
        app = boot(path)
        with httpx2.Client(base_url=url, timeout=60) as driver, served(app, port):
            yield Market(app, "stripe", driver, issuer)
    finally:
        process.kill()
        process.wait()


def act_as_customer(market, action):
    """Do what the shop asks the customer for: open a page, or confirm with Stripe.js."""
    if action["kind"] == "redirect":
        httpx2.post(action["url"], data={"answer": "approve"})
        return
    secret = action["data"]["client_secret"]
    market.bank.post(
        f"/v1/payment_intents/{secret.partition('_secret_')[0]}/confirm",
        data={"client_secret": secret, "payment_method": "pm_card_visa"},
        headers={"Authorization": "Bearer pk_test_local", "Idempotency-Key": secret},
    ).raise_for_status()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestPaymentMethods:
    def test_end_as_they_say(self, market, database_url):
        """After each failure, the order is paid exactly if Stripe charged the customer.

        A refund of each paid order is recorded as Stripe has it, and the books agree.
        """
        paid = market.pay_each(
            {method: method for method in ANSWERS}, partial(act_as_customer, market)
        )

        ended = market.ends(paid, ANSWERS)
        assert ended == ANSWERS
        assert market.wrong(database_url) == []

        charged = [paid[name].order_id for name, end in ended.items() if end[2] == "paid"]
        refunded = market.refund_each(charged)

        states = {name: end[2] for name, end in market.ends(paid, ANSWERS).items()}
        assert refunded == [201] * len(charged)
        assert Counter(states.values()) == {"refunded": 10, "unpaid": 6, "paid": 1}
        assert states["pm_card_refundFail"] == "paid"
        assert market.wrong(database_url) == []
