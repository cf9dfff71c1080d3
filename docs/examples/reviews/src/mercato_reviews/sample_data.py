"""Sample data."""

from typing import Any

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.principals import Principal
from mercato_reviews import services
from mercato_reviews.models import Review
from mercato_reviews.values import NewReview

_TEXTS = [
    "Exactly as described, and delivered within two days.",
    "A present for my sister. She has asked where it is from.",
    "Good, though smaller than I thought.",
    "I would buy it again.",
    "The colour is warmer than in the picture, which I like.",
]


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:
    """Create a review for each customer.

    Args:
        samples: ``variant_ids`` of variants that have a price in EUR, and ``customers`` as (id,
            e-mail, name).

    Returns:
        A summary; empty without customers or variants, or if there is data already.
    """
    pairs = list(zip(samples.get("customers", []), samples.get("variant_ids", []), strict=False))
    if not pairs or session.scalar(sa.select(Review.id).limit(1)):
        return []
    for number, ((customer_id, _email, _name), variant_id) in enumerate(pairs):
        services.remember_buyer(customer_id)
        new = NewReview(variant_id, _TEXTS[number % len(_TEXTS)])
        services.make_review(new, Principal(sub=customer_id, kind="user"))
    return [f"{len(pairs)} reviews, one per customer"]
