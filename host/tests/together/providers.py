"""Payment providers that fail: the sandbox, and a local Stripe. Both are processes."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .shop import BANK_SECRET, Shop

STRIPE_TESTS = Path(__file__).parents[3] / "packages/payments-stripe/tests"
"""The folder of the package ``local_stripe``."""


@dataclass(frozen=True)
class Provider:
    """A payment provider whose process can be killed.

    Args:
        name: Its name at orders.
        table: The table of its settings in a deployment file, without ``url``.
        command: Returns the command line of its process: of a shop, a port, a folder for its files.
        headers: What requests to it need, so that it can be driven.
        methods: Payment methods, and how often each is used.
    """

    name: str
    table: str
    command: Callable[[Shop, int, Path], list[str]]
    headers: Mapping[str, str]
    methods: Mapping[str, int]


def _webhook(shop: Shop, name: str) -> str:
    return f"{shop.address}/v1/webhooks/payments/{name}"


def _serve_sandbox(shop: Shop, port: int, place: Path) -> list[str]:
    options = [f"--port={port}", f"--database={place}/sandbox.db"]
    webhook = f"--webhook={_webhook(shop, 'sandbox')}"
    return shop.command("payments-sandbox", "serve", *options, webhook)


def _serve_stripe(shop: Shop, port: int, place: Path) -> list[str]:
    program = ["env", f"PYTHONPATH={STRIPE_TESTS}", sys.executable, "-m", "local_stripe"]
    return [*program, f"{port}", f"{place}/stripe.db", _webhook(shop, "stripe")]


SANDBOX = Provider(
    "sandbox",
    f'[features.payments_sandbox.settings]\nsecret = "{BANK_SECRET}"\n',
    _serve_sandbox,
    {"Authorization": f"Bearer {BANK_SECRET}"},
    {
        "4242424242424242": 60,
        "4000000000000002": 5,
        "4000000000000101": 2,
        "4000000000000119": 4,
        "4000000000000127": 8,
        "4000000000000135": 4,
        "4000000000000143": 6,
        "4000000000000150": 6,
        "4000000000000168": 3,
        "4000000000000176": 3,
        "4000000000000192": 6,
        "4000000000000200": 3,
    },
)

STRIPE = Provider(
    "stripe",
    "[features.payments_stripe.settings]\n"
    'secret_key = "sk_test_local"\nwebhook_secrets = ["whsec_local"]\n',
    _serve_stripe,
    {},
    {
        "pm_card_visa": 60,
        "pm_card_visa_chargeDeclined": 5,
        "pm_local_slow": 2,
        "pm_local_lost": 4,
        "pm_local_lostCharged": 8,
        "pm_local_error": 4,
        "pm_local_errorCharged": 6,
        "pm_local_processing": 6,
        "pm_local_processingFails": 3,
        "pm_card_pendingRefund": 3,
        "pm_local_eventsThrice": 6,
        "pm_local_eventFirst": 3,
    },
)

PROVIDERS = {provider.name: provider for provider in (SANDBOX, STRIPE)}
