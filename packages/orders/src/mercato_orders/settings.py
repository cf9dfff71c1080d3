"""What an operator may set for orders."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Settings


class OrdersSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.orders.settings]``."""

    unpaid_expiry_minutes: Annotated[
        int, Meta(ge=1, le=10_080, description="How long an unpaid order keeps its units")
    ] = 15
    payment_window_minutes: Annotated[
        int, Meta(ge=1, le=1_440, description="How long it keeps them once a payment has started")
    ] = 30
    manual_by_customer: Annotated[
        bool,
        Meta(description="Customers may call their orders paid: for development and testing"),
    ] = False
