"""Sample data: reviews of the products that other features are given."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.catalog import Catalog, VariantUnavailable
from mercato_kit.db import session, utc_now
from mercato_kit.services import get
from mercato_reviews import services
from mercato_reviews.models import Review
from mercato_reviews.values import NewReview

_WRITINGS = [
    (5, "Exactly as described", "And delivered within two days."),
    (5, "A present for my sister", "She has asked where it is from."),
    (3, "Smaller than I thought", "Good, though smaller than I thought."),
    (4, None, "I would buy it again."),
    (2, "Not my colour", "The colour is warmer than in the picture."),
    (5, None, "The second one that we bought. The first still looks like new."),
    (4, "Well made", "Packed in paper only, which I like."),
]

_EACH = 3
"""Reviews of one product, at most: one a customer."""


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:
    """Write reviews of customers about products.

    Args:
        samples: ``variant_ids`` of variants that have a price in EUR, and ``customers`` as (id,
            e-mail, name).

    Returns:
        A summary; empty without customers or variants, or if there are reviews already.
    """
    customers = samples.get("customers", [])
    products = _products_of(samples.get("variant_ids", []))
    if not customers or not products or session.scalar(sa.select(Review.id).limit(1)):
        return []
    number = 0
    for place, product_id in enumerate(products):
        for step in range(min(1 + place % _EACH, len(customers))):
            author_id, _email, name = customers[(place + step) % len(customers)]
            rating, title, text = _WRITINGS[number % len(_WRITINGS)]
            services.add_review(NewReview(product_id, rating, text, title, name), author_id)
            number += 1
    return [f"{number} reviews of {len(products)} products"]


def _products_of(variant_ids: list[UUID]) -> list[UUID]:
    """Return the products of variants, each once."""
    if not variant_ids:
        return []
    try:
        quote = get(Catalog).quote(dict.fromkeys(variant_ids, 1), "EUR", utc_now())
    except VariantUnavailable:
        return []
    return list(dict.fromkeys(line.product_id for line in quote.lines))
