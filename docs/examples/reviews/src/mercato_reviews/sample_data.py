"""Reviews of a shop that has been open for a while."""

from typing import Any

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.principals import Principal
from mercato_reviews import services
from mercato_reviews.models import Review
from mercato_reviews.values import NewReview

_TEXTS = [
    "Exactly as described, and here within two days.",
    "A present for my sister. She has asked where it is from.",
    "Good, though smaller than I thought.",
    "I would buy it again.",
    "The colour is warmer than in the picture, which I like.",
]


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:
    """Let customers who bought something say a word about it.

    Args:
        samples: ``variant_ids`` of variants that have a price in EUR, and ``customers`` as (id,
            e-mail, name).

    Returns:
        What is there now; nothing without customers or variants, or where there is some already.
    """
    said = list(zip(samples.get("customers", []), samples.get("variant_ids", []), strict=False))
    if not said or session.scalar(sa.select(Review.id).limit(1)):
        return []
    for number, ((customer_id, _email, _name), variant_id) in enumerate(said):
        services.remember_buyer(customer_id)
        new = NewReview(variant_id, _TEXTS[number % len(_TEXTS)])
        services.make_review(new, Principal(sub=customer_id, kind="user"))
    return [f"{len(said)} reviews, one a customer"]
