import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from mercato_payments_stripe.feature import feature  # noqa: F401 - the feature under test

from .local_stripe import KEY, WEBHOOK_SECRET, prepared
from .stripe_api import StripeApi

TEST_KEY = os.environ.get("STRIPE_TEST_KEY")
FORMER_SECRET = "whsec_former"
RELAY = Path(__file__).with_name("relay.py")


@contextmanager
def running(database, **options):
    """Run a local Stripe in a thread of this process."""
    with prepared(database, **options) as (made, server):
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def running_relay(upstream):
    """Run a relay to a Stripe in a process of its own; yield its address."""
    with subprocess.Popen(
        [sys.executable, str(RELAY), upstream], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A local Stripe that the tests of a module share; it posts no webhooks."""
    with running(tmp_path_factory.mktemp("stripe") / "stripe.db") as made:
        yield made


@pytest.fixture
def stripe(server):
    """The local Stripe, empty, as its staff see it."""
    server.ledger.reset()
    made = StripeApi(server.url)
    with made.http:
        yield made


@pytest.fixture
def settings(server):
    """Settings of a shop that calls the local Stripe."""
    return {
        "secret_key": KEY,
        "webhook_secrets": [WEBHOOK_SECRET, FORMER_SECRET],
        "publishable_key": "pk_test_local",
        "url": server.url,
    }
