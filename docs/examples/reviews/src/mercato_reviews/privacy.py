"""Export and erase the data of a customer."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_reviews.models import Buyer, Review
from mercato_reviews.schemas import ReviewSchema


def export_subject(customer_id: UUID) -> dict[str, Any]:
    """Return all reviews of a customer, oldest first, in the format of the API."""
    statement = sa.select(Review).where(Review.customer_id == customer_id)
    rows = session.scalars(statement.order_by(Review.id)).all()
    schema = ReviewSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    return {"reviews": schema.dump(rows)}


def erase_subject(customer_id: UUID) -> None:
    """Delete the reviews of a customer, and the record as a buyer."""
    session.execute(sa.delete(Review).where(Review.customer_id == customer_id))
    session.execute(sa.delete(Buyer).where(Buyer.customer_id == customer_id))
