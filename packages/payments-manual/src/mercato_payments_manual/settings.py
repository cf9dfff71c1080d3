"""Settings of manual payments."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Rule, Settings


class PaymentsManualSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.payments_manual.settings]``."""

    production = (
        Rule(
            "by_customer",
            lambda own: own.by_customer,
            "customers get goods that they never paid for",
            {"by_customer": True},
        ),
    )

    by_customer: Annotated[
        bool,
        Meta(description="Customers may mark their orders as paid; for development and testing"),
    ] = False
