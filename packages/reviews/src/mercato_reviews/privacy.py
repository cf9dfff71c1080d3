"""Export and erase the data of a customer."""

from collections.abc import Iterator

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns
from mercato_reviews import services
from mercato_reviews.models import Review
from mercato_reviews.schemas import ReviewSchema


def export(subject: Subject) -> Iterator[Part]:
    """Give all reviews of a customer, oldest first, in the format of the API."""
    if subject.account is None:
        return
    statement = sa.select(Review).where(Review.author_id == subject.account).order_by(Review.id)
    schema = ReviewSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    yield Part("reviews", schema.dump(session.scalars(statement).all()))


def erase(subject: Subject) -> Erased:
    """Delete the reviews of a customer: their texts may say who wrote them."""
    if subject.account is None:
        return Erased()
    own = sa.select(Review.id).where(Review.author_id == subject.account)
    ids = session.scalars(own).all()
    services.erase_author(subject.account)
    return Erased(ids, {"reviews": len(ids)})


PERSONAL_DATA = PersonalData(
    columns=columns(
        erase=[
            Review.author_name,
            Review.title,
            Review.text,
            Review.status,
            Review.hidden_reason,
            Review.metadata_,
        ]
    ),
    export=export,
    erase=erase,
)
