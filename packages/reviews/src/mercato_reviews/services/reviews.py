"""Write, find, change and delete reviews."""

from collections.abc import Container, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.orders import Orders
from mercato_kit.db import check_version, found, locked, refreshed, refuse, session, unique_key
from mercato_kit.errors import Forbidden, NotFound
from mercato_kit.http import PageRequest
from mercato_kit.policies import permission
from mercato_kit.principals import Principal
from mercato_kit.services import find
from mercato_kit.settings import current_settings
from mercato_kit.views import Shown
from mercato_reviews.errors import BuyersOnly, ReviewExists
from mercato_reviews.models import Review
from mercato_reviews.permissions import MODERATE
from mercato_reviews.services import summaries
from mercato_reviews.settings import ReviewsSettings
from mercato_reviews.values import NewReview
from mercato_reviews.views import REVIEW, REVIEWS

_ONE_EACH = unique_key(Review, "author_id", "product_id")


def write_review(new: NewReview, principal: Principal) -> Review:
    """Write a review of a product that the caller bought.

    Raises:
        Forbidden: The caller has no account.
        BuyersOnly: The caller did not buy the product, and only buyers may review it.
        ReviewExists: The caller has reviewed the product already.
    """
    author_id = _account_of(principal)
    orders = find(Orders) if current_settings(ReviewsSettings).buyers_only else None
    if orders is not None and not orders.bought(author_id, [new.product_id]):
        raise BuyersOnly
    return add_review(new, author_id)


def add_review(new: NewReview, author_id: UUID) -> Review:
    """Add a review without asking what its author bought.

    The unique key decides between concurrent requests.

    Raises:
        ReviewExists: The author has reviewed the product already.
    """
    review = Review(
        product_id=new.product_id,
        author_id=author_id,
        author_name=new.author_name,
        rating=new.rating,
        title=new.title,
        text=new.text,
    )
    with refuse({_ONE_EACH: ReviewExists}):
        session.add(review)
    summaries.count_rating(review.product_id, review.rating)
    return review


def list_reviews(page: PageRequest, principal: Principal, filters: Mapping[str, Any]) -> Shown:
    """Return a page of published reviews; hidden ones if the filter ``status`` says so.

    Raises:
        Unauthenticated: A guest asks for hidden reviews.
        Forbidden: The caller may not see hidden reviews.
    """
    status = filters.get("status", "published")
    if status != "published":
        permission(MODERATE).check(principal)
    return REVIEWS.page(page, **{**filters, "status": status})


def list_own_reviews(page: PageRequest, principal: Principal, filters: Mapping[str, Any]) -> Shown:
    """Return a page of the caller's reviews, hidden ones too."""
    return REVIEWS.page(page, author_id=_account_of(principal), **filters)


def find_review(review_id: UUID, principal: Principal) -> Shown:
    """Return a review: a published one, or a hidden one of the caller; staff see all.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
    """
    if principal.may(MODERATE):
        return REVIEW.one(id=review_id)
    return REVIEW.one(id=review_id, reader_id=principal.sub)


def change_review(
    review_id: UUID, changes: Mapping[str, Any], principal: Principal, *, versions: Container[int]
) -> Review:
    """Change a review of the caller.

    Args:
        review_id: The review.
        changes: New values by name.
        principal: The caller.
        versions: The versions that the caller accepts.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
        Forbidden: It belongs to another customer.
        StaleVersion: It has changed since.
    """
    review = _lock_own(review_id, principal, versions)
    before = review.rating
    for name, value in changes.items():
        setattr(review, name, value)
    session.flush()
    if review.status == "published" and review.rating != before:
        summaries.replace_rating(review.product_id, before, review.rating)
    return review


def delete_review(review_id: UUID, principal: Principal, *, versions: Container[int]) -> None:
    """Delete a review of the caller, who may write another one then.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
        Forbidden: It belongs to another customer.
        StaleVersion: It has changed since.
    """
    review = _lock_own(review_id, principal, versions)
    session.delete(review)
    session.flush()
    if review.status == "published":
        summaries.uncount_rating(review.product_id, review.rating)


def lock_review(review_id: UUID) -> Review:
    """Lock a review and return it.

    Raises:
        NotFound: It does not exist.
    """
    statement = sa.select(Review).where(Review.id == review_id)
    return found(session.scalar(refreshed(locked(statement))))


def erase_author(author_id: UUID) -> None:
    """Delete all reviews of a person; their ratings count no more."""
    statement = sa.select(Review).where(Review.author_id == author_id)
    # Summaries are changed in one order, so that two erasures do not wait for each other.
    reviews = list(session.scalars(refreshed(locked(statement.order_by(Review.product_id)))))
    for review in reviews:
        session.delete(review)
    session.flush()
    for review in reviews:
        if review.status == "published":
            summaries.uncount_rating(review.product_id, review.rating)


def _lock_own(review_id: UUID, principal: Principal, versions: Container[int]) -> Review:
    review = lock_review(review_id)
    if review.author_id != principal.sub:
        if review.status != "published" and not principal.may(MODERATE):
            raise NotFound
        raise Forbidden("Only its author may do this.", facts={"review_id": review_id})
    check_version(review, versions)
    return review


def _account_of(principal: Principal) -> UUID:
    if principal.sub is None:
        raise Forbidden("Only callers with an account may do this.")
    return principal.sub
