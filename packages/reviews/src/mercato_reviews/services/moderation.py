"""Hide reviews, and publish them again."""

from uuid import UUID

from mercato_kit import security
from mercato_kit.db import session
from mercato_reviews.models import Review
from mercato_reviews.services import summaries
from mercato_reviews.services.reviews import lock_review


def hide_review(review_id: UUID, reason: str | None) -> Review:
    """Hide a review from the public; its rating counts no more. A hidden one gets the reason.

    Raises:
        NotFound: It does not exist.
    """
    review = lock_review(review_id)
    was_published = review.status == "published"
    review.status, review.hidden_reason = "hidden", reason
    session.flush()
    if was_published:
        summaries.uncount_rating(review.product_id, review.rating)
        security.record("review_hidden", review_id=review_id)
    return review


def publish_review(review_id: UUID) -> Review:
    """Publish a hidden review again; does nothing with a published one.

    Raises:
        NotFound: It does not exist.
    """
    review = lock_review(review_id)
    if review.status != "published":
        review.status, review.hidden_reason = "published", None
        session.flush()
        summaries.count_rating(review.product_id, review.rating)
        security.record("review_published", review_id=review_id)
    return review
