"""JSON schemas of reviews."""

from marshmallow import fields, validate

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import Integer, Line, Listed, ModelSchema, Schema, Text, Uuid, not_blank
from mercato_reviews.models import STATUSES, Review
from mercato_reviews.values import NewReview


class _Writing(Schema):
    title = Line(min=1, max=200, allow_none=True, validate=not_blank)
    author_name = Line(min=1, max=100, allow_none=True, validate=not_blank)


class NewReviewSchema(_Writing):
    """A review to write."""

    makes = NewReview

    product_id = Uuid(required=True)
    rating = Integer(required=True, min=1, max=5)
    text = Text(required=True, min=1, max=5000, validate=not_blank)


class ReviewChangesSchema(_Writing):
    """Changes of a review; absent members stay unchanged."""

    rating = Integer(min=1, max=5)
    text = Text(min=1, max=5000, validate=not_blank)


class HiddenSchema(Schema):
    """Why a review is hidden."""

    reason = Line(min=1, max=500, validate=not_blank)


class OwnQuerySchema(ListQuerySchema):
    """Filters of the caller's reviews."""

    product_id = Uuid()


class ReviewQuerySchema(ListQuerySchema):
    """Filters of the list."""

    sorts = ("created_at", "rating")

    product_id = Uuid()
    rating = Listed(Integer(min=1, max=5), max=5)
    status = Text(max=20, validate=validate.OneOf(STATUSES))


class ReviewSchema(ModelSchema):
    """A customer's rating of a product, and what they write about it."""

    class Meta(ModelSchema.Meta):
        model = Review
        fields = (
            "id",
            "product_id",
            "author_name",
            "rating",
            "title",
            "text",
            "status",
            "hidden_reason",
            "version",
            "created_at",
            "updated_at",
        )


ReviewListSchema = page_of(ReviewSchema)


class SummarySchema(Schema):
    """What the published reviews of a product say together."""

    average = fields.Float(required=True)
    count = fields.Integer(required=True)
