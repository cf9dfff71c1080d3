"""What reviews know about a person, and how they forget it."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_reviews.models import Buyer, Review
from mercato_reviews.schemas import ReviewSchema


def export_subject(customer_id: UUID) -> dict[str, Any]:
    """Return everything that a person said, oldest first, as the API shows it."""
    statement = sa.select(Review).where(Review.customer_id == customer_id)
    said = session.scalars(statement.order_by(Review.id)).all()
    schema = ReviewSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    return {"reviews": schema.dump(said)}


def erase_subject(customer_id: UUID) -> None:
    """Forget a person: what they said, and that they bought something."""
    session.execute(sa.delete(Review).where(Review.customer_id == customer_id))
    session.execute(sa.delete(Buyer).where(Buyer.customer_id == customer_id))
