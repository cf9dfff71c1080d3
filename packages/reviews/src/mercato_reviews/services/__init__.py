"""Services of reviews. They take plain values and never commit."""

from mercato_reviews.services.moderation import hide_review, publish_review
from mercato_reviews.services.reviews import (
    add_review,
    change_review,
    delete_review,
    erase_author,
    find_review,
    list_own_reviews,
    list_reviews,
    write_review,
)
from mercato_reviews.services.summaries import read_summaries

__all__ = [
    "add_review",
    "change_review",
    "delete_review",
    "erase_author",
    "find_review",
    "hide_review",
    "list_own_reviews",
    "list_reviews",
    "publish_review",
    "read_summaries",
    "write_review",
]
