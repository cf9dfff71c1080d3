"""Settings of reviews."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Settings


class ReviewsSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.reviews.settings]``."""

    buyers_only: Annotated[
        bool,
        Meta(
            description="Accept reviews only from customers who bought the product; without the "
            "feature orders, everybody with an account may review"
        ),
    ] = True
