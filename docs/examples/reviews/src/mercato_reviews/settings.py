"""Settings of reviews."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Settings


class ReviewsSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.reviews.settings]``."""

    buyers_only: Annotated[bool, Meta(description="Accept reviews only from buyers")] = False
    currency: Annotated[
        str,
        Meta(
            pattern="^[A-Z]{3}$",
            description="Currency (ISO 4217) in which all products have a price",
        ),
    ] = "EUR"
