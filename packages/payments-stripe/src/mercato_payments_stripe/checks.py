"""Checks of the account at Stripe, at the start of the app and in `mercato doctor`."""

from mercato_contracts.payments import Misconfigured, Refused, Unknown
from mercato_kit.composition import current_composition
from mercato_kit.feature import Check
from mercato_kit.settings import current_settings
from mercato_payments_stripe.client import Client
from mercato_payments_stripe.settings import LIVE, PaymentsStripeSettings
from mercato_payments_stripe.webhooks import EVENTS
from mercato_payments_stripe.wire import API_VERSION

PATH = "/v1/webhooks/payments/stripe"
"""Where a shop receives the events."""

_PAGE = 100


def check_key() -> str | None:
    """Find a live key outside of production."""
    own, environment = current_settings(PaymentsStripeSettings), current_composition().environment
    if environment == "production" or not own.secret_key.reveal().startswith(LIVE):
        return None
    return f"a live key charges real customers, and the environment is {environment}"


def check_account() -> str | None:
    """Find a key that Stripe refuses, and a webhook endpoint that is missing or incomplete."""
    own = current_settings(PaymentsStripeSettings)
    client = Client(own.secret_key.reveal(), own.url, own.timeout_seconds)
    try:
        endpoints = client.call(
            lambda api: [
                one.to_dict() for one in api.v1.webhook_endpoints.list({"limit": _PAGE}).data
            ]
        )
    except (Misconfigured, Refused, Unknown) as error:
        return f"Stripe does not answer: {error}"
    ours = [one for one in endpoints if str(one["url"]).endswith(PATH)]
    if not ours:
        return f"no webhook endpoint at Stripe has a URL that ends with {PATH}"
    wrong = [_mistake_in(one) for one in ours]
    return None if None in wrong else wrong[0]


def _mistake_in(endpoint: dict[str, object]) -> str | None:
    """Return what is wrong with a webhook endpoint; None if it is as this feature needs it."""
    where, events = f"the webhook endpoint {endpoint['url']}", endpoint["enabled_events"]
    if endpoint["status"] != "enabled":
        return f"{where} is {endpoint['status']}: enable it at Stripe"
    if endpoint["api_version"] != API_VERSION:
        return f"{where} has the API version {endpoint['api_version']}: make one of {API_VERSION}"
    missing = sorted({*EVENTS} - {*(events if isinstance(events, list) else ())})
    if missing and events != ["*"]:
        return f"{where} does not send {', '.join(missing)}"
    return None


STARTUP = [Check("secret_key", check_key)]

DOCTOR = [Check("account", check_account)]
