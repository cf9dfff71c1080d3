"""Valid rows and request bodies."""

import sqlalchemy as sa

from mercato_kit.db import new_id, session
from mercato_reviews import services
from mercato_reviews.models import Review, Summary
from mercato_reviews.values import NewReview

from .fakes import LAMP


def body_of(product_id=LAMP, **members):
    """Return the body of a review: 4 of 5."""
    return {
        "product_id": str(product_id),
        "rating": 4,
        "text": "I would buy it again.",
        **members,
    }


def make_reviews(*ratings, product_id=LAMP):
    """Write a review of each rating by another author; return their ids."""
    new = [NewReview(product_id, rating, f"{rating} of 5") for rating in ratings]
    return [services.add_review(one, new_id()).id for one in new]


def summary_of(product_id=LAMP):
    """Return number and sum of ratings as they are kept, and as they are."""
    kept = sa.select(Summary.count, Summary.rating_sum).where(Summary.product_id == product_id)
    counted = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(Review.rating), 0)).where(
        Review.product_id == product_id, Review.status == "published"
    )
    return tuple(session.execute(kept).one()), tuple(session.execute(counted).one())
