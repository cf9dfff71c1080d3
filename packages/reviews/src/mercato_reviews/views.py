"""What is shown of reviews: one statement each."""

import sqlalchemy as sa

from mercato_kit.reads import Read
from mercato_kit.views import View, any_of
from mercato_reviews.models import Review, Summary
from mercato_reviews.schemas import ReviewSchema

REVIEW = View(
    ReviewSchema,
    filters={
        "id": Review.id == sa.bindparam("id"),
        "published": Review.status == "published",
        "reader_id": sa.or_(
            Review.status == "published", Review.author_id == sa.bindparam("reader_id")
        ),
    },
)

REVIEWS = View(
    ReviewSchema,
    filters={
        "author_id": Review.author_id == sa.bindparam("author_id"),
        "product_id": Review.product_id == sa.bindparam("product_id"),
        "rating": any_of(Review.rating, "rating"),
        "status": Review.status == sa.bindparam("status"),
    },
    sorts={"created_at": Review.created_at, "rating": Review.rating},
    id=Review.id,
)

SUMMARIES = Read(
    sa.select(Summary.product_id, Summary.count, Summary.rating_sum).where(
        any_of(Summary.product_id, "product_ids"), Summary.count > 0
    )
)
"""The summaries of products that have published reviews."""
