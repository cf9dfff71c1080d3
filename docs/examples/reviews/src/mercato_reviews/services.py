"""Services of reviews. They take plain values, return models and never commit."""

from collections.abc import Container
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts import catalog
from mercato_kit.db import (
    check_version,
    found,
    insert,
    locked,
    refuse,
    session,
    unique_key,
    utc_now,
)
from mercato_kit.errors import Forbidden
from mercato_kit.http import Page, PageRequest, paginate
from mercato_kit.principals import Principal
from mercato_kit.services import get
from mercato_kit.settings import current_settings
from mercato_reviews.errors import BuyersOnly, ReviewExists, VariantUnavailable
from mercato_reviews.models import Buyer, Review
from mercato_reviews.permissions import READ
from mercato_reviews.settings import ReviewsSettings
from mercato_reviews.values import NewReview

_ONE_EACH = unique_key(Review, "customer_id", "variant_id")
_SORTABLE = {"created_at": Review.created_at}


def make_review(new: NewReview, principal: Principal) -> Review:
    """Create a review.

    The unique key decides between concurrent requests.

    Raises:
        Forbidden: The caller has no id.
        BuyersOnly: Only buyers are accepted, and the caller is not a buyer.
        VariantUnavailable: The variant is not for sale.
        ReviewExists: The caller has already created one for the variant.
    """
    if principal.sub is None:
        raise Forbidden("Only callers with an account may do this.")
    if current_settings(ReviewsSettings).buyers_only and not _is_buyer(principal.sub):
        raise BuyersOnly
    made = Review(
        customer_id=principal.sub,
        variant_id=new.variant_id,
        product_name=_name_of(new.variant_id),
        text=new.text,
        metadata_=dict(new.metadata),
    )
    with refuse({_ONE_EACH: ReviewExists}):
        session.add(made)
    return made


def find_review(review_id: UUID, principal: Principal) -> Review:
    """Return a review that the caller may see.

    Raises:
        NotFound: It does not exist, or belongs to another customer.
    """
    statement = sa.select(Review).where(Review.id == review_id, _visible_to(principal))
    return found(session.scalar(statement))


def list_reviews(
    page: PageRequest, principal: Principal, *, variant_id: UUID | None = None
) -> Page[Review]:
    """Return a page of the caller's reviews, or of all with the permission.

    Args:
        page: The page requested.
        principal: The caller.
        variant_id: Only those of this variant.
    """
    statement = sa.select(Review).where(_visible_to(principal))
    if variant_id is not None:
        statement = statement.where(Review.variant_id == variant_id)
    return paginate(statement, page, columns=_SORTABLE, id=Review.id)


def change_review(
    review_id: UUID, text: str, principal: Principal, *, versions: Container[int]
) -> Review:
    """Change the text.

    Args:
        review_id: The id.
        text: The new text.
        principal: The caller.
        versions: The versions that the caller accepts; usually the one that it read.

    Raises:
        NotFound: It does not exist, or the caller may not see it.
        Forbidden: It belongs to another customer.
        StaleVersion: It has changed since.
    """
    statement = sa.select(Review).where(Review.id == review_id, _visible_to(principal))
    review = found(session.scalar(locked(statement)))
    if review.customer_id != principal.sub:
        raise Forbidden("Only its owner may change it.")
    check_version(review, versions)
    review.text = text
    session.flush()
    return review


def remember_buyer(customer_id: UUID) -> None:
    """Record a customer as a buyer; does nothing if it is recorded already."""
    row = insert(Buyer).values(customer_id=customer_id, created_at=utc_now())
    session.execute(row.on_conflict_do_nothing())


def _visible_to(principal: Principal) -> sa.ColumnElement[bool]:
    """Return the SQL condition that selects what the caller may see."""
    if principal.may(READ):
        return sa.true()
    return Review.customer_id == principal.sub


def _is_buyer(customer_id: UUID) -> bool:
    return session.get(Buyer, customer_id) is not None


def _name_of(variant_id: UUID) -> str:
    """Return the product's name from the provider of the contract."""
    currency = current_settings(ReviewsSettings).currency
    try:
        quote = get(catalog.Catalog).quote({variant_id: 1}, currency, utc_now())
    except catalog.VariantUnavailable as error:
        raise VariantUnavailable from error
    return quote.lines[0].name
