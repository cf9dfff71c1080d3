"""Settings of orders."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Rule, Settings


class OrdersSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.orders.settings]``."""

    production = (
        Rule(
            "manual_by_customer",
            lambda own: own.manual_by_customer,
            "customers get goods that they never paid for",
            {"manual_by_customer": True},
        ),
    )

    unpaid_expiry_minutes: Annotated[
        int,
        Meta(ge=1, le=10_080, description="How long the units of an unpaid order stay reserved"),
    ] = 15
    payment_window_minutes: Annotated[
        int,
        Meta(ge=1, le=1_440, description="How long they stay reserved after a payment has started"),
    ] = 30
    capture_before_expiry: Annotated[
        bool,
        Meta(description="Capture an authorized payment one day before its authorisation ends"),
    ] = False
    manual_by_customer: Annotated[
        bool,
        Meta(description="Customers may mark their orders as paid; for development and testing"),
    ] = False
