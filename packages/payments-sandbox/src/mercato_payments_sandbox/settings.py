"""Settings of the sandbox."""

from typing import Annotated

import msgspec
from msgspec import Meta

from mercato_kit.hosts import is_http_url
from mercato_kit.keys import derive_key
from mercato_kit.settings import Secret, Settings, WrongSetting, current_settings


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
    given = current_settings(PaymentsSandboxSettings).secret
    return given.reveal() if given else derive_key("payments_sandbox.secret").hex()


def installation_id() -> str:
    """Return the id of this installation, which tells its payments from those of others."""
    return derive_key("payments_sandbox.installation").hex()[:16]
