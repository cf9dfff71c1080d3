"""Settings of carts."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Settings


class CartsSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.carts.settings]``."""

    expiry_days: Annotated[
        int, Meta(ge=1, le=3650, description="When a cart is deleted that does not change")
    ] = 30
    abandoned_hours: Annotated[
        int,
        Meta(ge=1, le=8760, description="When `cart.abandoned` says that a cart does not change"),
    ] = 24
