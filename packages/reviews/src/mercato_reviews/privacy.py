"""Export and erase the data of a customer."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_reviews import services
from mercato_reviews.models import Review
from mercato_reviews.schemas import ReviewSchema


def export_subject(author_id: UUID) -> dict[str, Any]:
    """Return all reviews of a customer, oldest first, in the format of the API."""
    statement = sa.select(Review).where(Review.author_id == author_id).order_by(Review.id)
    schema = ReviewSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    return {"reviews": schema.dump(session.scalars(statement).all())}


def erase_subject(author_id: UUID) -> None:
    """Delete the reviews of a customer: their texts may say who wrote them."""
    services.erase_author(author_id)
