"""Export and erase the data of a customer."""

from collections.abc import Iterator

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns
from mercato_reviews.models import Buyer, Review
from mercato_reviews.schemas import ReviewSchema


def export(subject: Subject) -> Iterator[Part]:
    """Give all reviews of a customer, oldest first, in the format of the API."""
    statement = sa.select(Review).where(Review.customer_id == subject.account)
    rows = session.scalars(statement.order_by(Review.id)).all()
    schema = ReviewSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    yield Part("reviews", schema.dump(rows))


def erase(subject: Subject) -> Erased:
    """Delete the reviews of a customer, and the record as a buyer."""
    own = sa.delete(Review).where(Review.customer_id == subject.account)
    ids = session.scalars(own.returning(Review.id)).all()
    session.execute(sa.delete(Buyer).where(Buyer.customer_id == subject.account))
    return Erased(ids, {"reviews": len(ids)})


PERSONAL_DATA = PersonalData(
    columns=columns(erase=[Review.product_name, Review.text, Review.metadata_]),
    export=export,
    erase=erase,
)
