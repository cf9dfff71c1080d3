"""Settings of this feature, in the deployment file under ``[features.products.settings]``."""

from typing import Annotated

from msgspec import Meta

from mercato_contracts.money import EXPONENTS
from mercato_kit.settings import Settings


class ProductsSettings(Settings, frozen=True, kw_only=True):
    """How the catalogue and the stock behave."""

    default_currency: Annotated[
        str, Meta(description="Currency of the price shown where a list asks for none (ISO 4217)")
    ] = "EUR"
    orphan_grace_minutes: Annotated[
        int, Meta(description="Minutes after which a forgotten hold is taken back", ge=1, le=10080)
    ] = 60

    def __post_init__(self) -> None:
        """Refuse a currency that does not exist."""
        if self.default_currency not in EXPONENTS:
            raise ValueError(f"default_currency: {self.default_currency!r} is no ISO 4217 code")
