"""Settings of orders."""

from typing import Annotated, Literal

from msgspec import Meta

from mercato_kit.settings import Settings


class OrdersSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.orders.settings]``."""

    unpaid_expiry_minutes: Annotated[
        int,
        Meta(ge=1, le=10_080, description="How long the units of an unpaid order stay reserved"),
    ] = 15
    payment_window_minutes: Annotated[
        int,
        Meta(ge=1, le=1_440, description="How long they stay reserved after a payment has started"),
    ] = 30
    guest_order_burst: Annotated[
        int,
        Meta(ge=0, le=10_000, description="Orders at once of guests in a network; 0: no limit"),
    ] = 10
    guest_order_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="Then one order of a guest in that many seconds")
    ] = 120
    fiscal_hold_years: Annotated[
        int,
        Meta(
            ge=0,
            le=30,
            description="For how many years after that of the payment the law asks for name, "
            "addresses and tax id of paid orders, also of people whose data is erased",
        ),
    ] = 0
    capture_at: Annotated[
        Literal["payment", "fulfillment", "request"],
        Meta(
            description="When customers are charged: when they pay, when units are shipped, "
            "or when staff capture"
        ),
    ] = "payment"
    capture_before_expiry: Annotated[
        bool,
        Meta(description="Capture an authorized payment one day before its authorisation ends"),
    ] = False
