"""Settings of the sandbox."""

from typing import Annotated

import msgspec
from msgspec import Meta

from mercato_kit import keys
from mercato_kit.hosts import is_http_url
from mercato_kit.settings import Secret, Settings, WrongSetting, current_settings

_PURPOSE = "payments_sandbox.secret"


class PaymentsSandboxSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.payments_sandbox.settings]``."""

    url: Annotated[
        str,
        Meta(max_length=2000, description="Address of the sandbox: `mercato payments-sandbox`"),
    ] = "http://127.0.0.1:5002"
    secret: Annotated[
        Secret | None,
        Meta(
            description="What calls and webhooks are proven with, the same for shop and sandbox; "
            "by default it is derived from the secret key"
        ),
    ] = None
    former_secrets: Annotated[
        list[Secret], Meta(description="Other secrets that may have signed a webhook")
    ] = msgspec.field(default_factory=list)
    timeout_seconds: Annotated[
        float, Meta(gt=0, le=10, description="Time limit of one call, in total")
    ] = 10.0

    def __post_init__(self) -> None:
        """Check the address."""
        if not is_http_url(self.url):
            raise WrongSetting("url", "expected a URL with http or https and a host")


def current_secret() -> str:
    """Return the secret of this app."""
    return _secrets()[0]


def accepted_secrets() -> list[str]:
    """Return the secrets that may have signed a webhook: also those of the previous key."""
    former = current_settings(PaymentsSandboxSettings).former_secrets
    return [*_secrets(), *(one.reveal() for one in former)]


def installation_ids() -> list[str]:
    """Return the ids of this installation, which tell its payments from those of others.

    The first one is given to new payments; those of the previous key may have another one.
    """
    return [key.secret.hex()[:16] for key in keys.candidates("payments_sandbox.installation")]


def _secrets() -> list[str]:
    given = current_settings(PaymentsSandboxSettings).secret
    if given:
        return [given.reveal()]
    return [key.secret.hex() for key in keys.candidates(_PURPOSE)]
