"""Endpoints of reviews.

Every route states who may call it. Returning commits, raising rolls back: views never commit.
"""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.errors import Forbidden
from mercato_kit.http import Blueprint, Page, if_match
from mercato_kit.identity import current_principal
from mercato_kit.policies import signed_in
from mercato_reviews import services
from mercato_reviews.errors import BuyersOnly, ReviewExists, VariantUnavailable
from mercato_reviews.models import Review
from mercato_reviews.schemas import (
    NewReviewSchema,
    ReviewChangesSchema,
    ReviewListSchema,
    ReviewQuerySchema,
    ReviewSchema,
)
from mercato_reviews.values import NewReview

blueprint = Blueprint(
    "reviews",
    __name__,
    url_prefix="/v1",
    description="Reviews of customers",
    # What names mean in the API document, where neither a field nor a column says it.
    glossary={
        "review_id": "Id of the review",
        "text": "Text of the customer",
        "variant_id": "Id of the variant",
    },
)


@blueprint.post(
    "/reviews",
    allow=signed_in,
    idempotent=True,
    refuses=[BuyersOnly, Forbidden, ReviewExists, VariantUnavailable],
)
@blueprint.arguments(NewReviewSchema)
@blueprint.response(201, ReviewSchema)
def make_review(new: NewReview) -> tuple[Review, int, dict[str, str]]:
    """Create a review for a variant"""
    made = services.make_review(new, current_principal)
    return made, 201, {"Location": url_for(".get_review", review_id=made.id)}


@blueprint.get("/reviews", allow=signed_in)
@blueprint.arguments(ReviewQuerySchema, location="query")
@blueprint.response(200, ReviewListSchema)
def list_reviews(query: dict[str, Any]) -> Page[Review]:
    """List the caller's reviews, or all with the permission reviews.read"""
    return services.list_reviews(query.pop("page"), current_principal, **query)


@blueprint.get("/reviews/<uuid:review_id>", allow=signed_in)
@blueprint.response(200, ReviewSchema)
def get_review(review_id: UUID) -> Review:
    """Get a review"""
    return services.find_review(review_id, current_principal)


@blueprint.patch("/reviews/<uuid:review_id>", allow=signed_in, if_match=True, refuses=[Forbidden])
@blueprint.arguments(ReviewChangesSchema)
@blueprint.response(200, ReviewSchema)
def change_review(changes: dict[str, str], review_id: UUID) -> Review:
    """Change a review of the caller"""
    return services.change_review(
        review_id, changes["text"], current_principal, versions=if_match()
    )
