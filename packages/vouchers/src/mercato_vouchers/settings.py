"""Settings of vouchers."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Secret, Settings, WrongSetting

_SHORTEST_KEY = 32


class VouchersSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.vouchers.settings]``."""

    give_back: Annotated[
        bool,
        Meta(description="The uses of an order that is canceled or expires can be used again"),
    ] = True
    customer_key: Annotated[
        Secret | None,
        Meta(
            description="Key, of 32 characters or more, of the HMAC of e-mail addresses by which "
            "the uses of one customer are counted; without it, one is derived from `secret_key`, "
            "and changes with it"
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuse a key that can be guessed."""
        if self.customer_key is not None and len(self.customer_key.reveal()) < _SHORTEST_KEY:
            raise WrongSetting("customer_key", f"expected {_SHORTEST_KEY} characters or more")
