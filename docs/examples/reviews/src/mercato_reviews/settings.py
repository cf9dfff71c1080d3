"""What an operator may set for reviews."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Settings


class ReviewsSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.reviews.settings]``."""

    buyers_only: Annotated[
        bool, Meta(description="Only customers who paid an order make reviews")
    ] = False
    currency: Annotated[
        str,
        Meta(
            pattern="^[A-Z]{3}$",
            description="A currency (ISO 4217) that whatever is for sale has a price in",
        ),
    ] = "EUR"
