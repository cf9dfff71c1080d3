"""Endpoints of reviews."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.errors import Forbidden
from mercato_kit.http import Blueprint, if_match
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, permission, signed_in
from mercato_kit.views import Shown
from mercato_reviews import services
from mercato_reviews.errors import BuyersOnly, ReviewExists
from mercato_reviews.glossary import GLOSSARY
from mercato_reviews.models import Review
from mercato_reviews.permissions import MODERATE
from mercato_reviews.schemas import (
    HiddenSchema,
    NewReviewSchema,
    OwnQuerySchema,
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
    description="Reviews of products",
    glossary=GLOSSARY,
)

_MAY_MODERATE = permission(MODERATE)


@blueprint.post(
    "/reviews", allow=signed_in, idempotent=True, refuses=[Forbidden, BuyersOnly, ReviewExists]
)
@blueprint.arguments(NewReviewSchema)
@blueprint.response(201, ReviewSchema)
def write_review(new: NewReview) -> tuple[Review, int, dict[str, str]]:
    """Review a product that the caller bought"""
    review = services.write_review(new, current_principal)
    return review, 201, {"Location": url_for(".get_review", review_id=review.id)}


@blueprint.get("/reviews", allow=anyone, public_cache=True, refuses=[Forbidden])
@blueprint.arguments(ReviewQuerySchema, location="query")
@blueprint.response(200, ReviewListSchema)
def list_reviews(query: dict[str, Any]) -> Shown:
    """List published reviews"""
    return services.list_reviews(query.pop("page"), current_principal, query)


@blueprint.get("/reviews/mine", allow=signed_in, refuses=[Forbidden])
@blueprint.arguments(OwnQuerySchema, location="query")
@blueprint.response(200, ReviewListSchema)
def list_own_reviews(query: dict[str, Any]) -> Shown:
    """List the caller's reviews, hidden ones too"""
    return services.list_own_reviews(query.pop("page"), current_principal, query)


@blueprint.get("/reviews/<uuid:review_id>", allow=anyone, public_cache=True)
@blueprint.response(200, ReviewSchema)
def get_review(review_id: UUID) -> Shown:
    """Get a review"""
    return services.find_review(review_id, current_principal)


@blueprint.patch("/reviews/<uuid:review_id>", allow=signed_in, if_match=True, refuses=[Forbidden])
@blueprint.arguments(ReviewChangesSchema)
@blueprint.response(200, ReviewSchema)
def change_review(changes: dict[str, Any], review_id: UUID) -> Review:
    """Change a review of the caller"""
    return services.change_review(review_id, changes, current_principal, versions=if_match())


@blueprint.delete("/reviews/<uuid:review_id>", allow=signed_in, if_match=True, refuses=[Forbidden])
@blueprint.response(204)
def delete_review(review_id: UUID) -> None:
    """Delete a review of the caller"""
    services.delete_review(review_id, current_principal, versions=if_match())


@blueprint.post("/reviews/<uuid:review_id>/hide", allow=_MAY_MODERATE)
@blueprint.arguments(HiddenSchema)
@blueprint.response(200, ReviewSchema)
def hide_review(body: dict[str, Any], review_id: UUID) -> Review:
    """Hide a review from the public"""
    return services.hide_review(review_id, body.get("reason"))


@blueprint.post("/reviews/<uuid:review_id>/publish", allow=_MAY_MODERATE)
@blueprint.response(200, ReviewSchema)
def publish_review(review_id: UUID) -> Review:
    """Publish a hidden review again"""
    return services.publish_review(review_id)
