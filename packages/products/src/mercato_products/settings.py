"""Settings of products, in ``[features.products.settings]``."""

from typing import Annotated

from msgspec import Meta

from mercato_contracts.money import EXPONENTS
from mercato_kit.settings import Settings, WrongSetting


class ProductsSettings(Settings, frozen=True, kw_only=True):
    """Settings of the catalogue and the stock."""

    default_currency: Annotated[
        str, Meta(description="Currency of prices in lists without a currency (ISO 4217)")
    ] = "EUR"
    orphan_grace_minutes: Annotated[
        int,
        Meta(
            description="Minutes after expiry until an abandoned reservation is released",
            ge=1,
            le=10080,
        ),
    ] = 60

    def __post_init__(self) -> None:
        """Check that the currency exists."""
        if self.default_currency not in EXPONENTS:
            detail = f"{self.default_currency!r} is not an ISO 4217 code"
            raise WrongSetting("default_currency", detail)
