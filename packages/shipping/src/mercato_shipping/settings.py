"""Settings of shipping."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Settings


class ShippingSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.shipping.settings]``."""

    unknown_weight_grams: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Weight of a unit whose variant has none")
    ] = 0
