"""Settings of the account at Stripe."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from mercato_kit import keys
from mercato_kit.hosts import is_http_url
from mercato_kit.settings import Rule, Secret, Settings, WrongSetting, current_settings

API_URL = "https://api.stripe.com"
LIVE, TEST = ("sk_live_", "rk_live_"), ("sk_test_", "rk_test_")
"""Prefixes of keys: secret ones, and restricted ones."""

_WEBHOOK_SECRET = re.compile(r"whsec_\S+")


class PaymentsStripeSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.payments_stripe.settings]``."""

    production = (
        Rule(
            "secret_key",
            lambda own: own.secret_key.reveal().startswith(TEST),
            "it is a key of test mode, so customers get goods that they never paid for",
            {"secret_key": "sk_test_example"},
            instead="sk_live_…",
        ),
        Rule(
            "webhook_secrets",
            lambda own: not own.webhook_secrets,
            "every event of Stripe is refused, so refunds that fail and disputes stay unseen",
            {"webhook_secrets": []},
            instead=["whsec_…"],
        ),
        Rule(
            "url",
            lambda own: own.url != API_URL,
            "another server than Stripe's gets the key, and says what is paid",
            {"url": "http://127.0.0.1:5003"},
        ),
    )

    secret_key: Annotated[
        Secret,
        Meta(
            examples=["sk_test_example"],
            description="Secret or restricted key of the account; set it in the environment",
        ),
    ]
    webhook_secrets: Annotated[
        list[Secret],
        Meta(description="Signing secrets of the webhook endpoint; two while one is replaced"),
    ] = msgspec.field(default_factory=list)
    publishable_key: Annotated[
        Annotated[str, Meta(pattern="^pk_(live|test)_.+$")] | None,
        Meta(description="Key for Stripe.js, `pk_…`; clients find it in `next_action.data`"),
    ] = None
    payment_method_types: Annotated[
        list[str],
        Meta(
            min_length=1,
            description="Stripe's names of the payment methods, such as `card`, `sepa_debit`",
        ),
    ] = msgspec.field(default_factory=lambda: ["card"])
    installation: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(
            description="Id in the metadata of all payments, which tells them from those of other "
            "shops; without it, one is derived from `secret_key` of the shop: set it before that "
            "key changes",
        ),
    ] = None
    timeout_seconds: Annotated[
        float, Meta(gt=0, le=10, description="Time limit of one call, in total")
    ] = 10.0
    url: Annotated[str, Meta(max_length=2000, description="Address of Stripe's API")] = API_URL

    def __post_init__(self) -> None:
        """Check the keys and the address."""
        secret_key = self.secret_key.reveal()
        if not secret_key.startswith((*LIVE, *TEST)):
            what = f"expected a key that begins with {', '.join((*LIVE, *TEST))}"
            raise WrongSetting("secret_key", what)
        mode = "live" if secret_key.startswith(LIVE) else "test"
        if self.publishable_key and not self.publishable_key.startswith(f"pk_{mode}_"):
            what = f"secret_key is of {mode} mode, so expected a key that begins with pk_{mode}_"
            raise WrongSetting("publishable_key", what)
        if not all(_WEBHOOK_SECRET.fullmatch(one.reveal()) for one in self.webhook_secrets):
            what = "expected signing secrets, which begin with whsec_, separated by commas"
            raise WrongSetting("webhook_secrets", what)
        if not is_http_url(self.url):
            raise WrongSetting("url", "expected a URL with http or https and a host")


def installation_ids() -> tuple[str, ...]:
    """Return the ids of this installation, which tell its payments from those of others.

    The first one is given to new payments; those of the previous key may have another one.
    """
    given = current_settings(PaymentsStripeSettings).installation
    if given:
        return (given,)
    return tuple(key.secret.hex()[:16] for key in keys.candidates("payments_stripe.installation"))
