"""JSON schemas of reviews."""

from marshmallow import fields

from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import Metadata, ModelSchema, Schema, Text, Uuid
from mercato_reviews.models import Review
from mercato_reviews.values import NewReview


class NewReviewSchema(Schema):
    """A review to create."""

    makes = NewReview

    variant_id = Uuid(required=True)
    text = Text(required=True, min=1, max=2000)
    metadata = Metadata()


class ReviewChangesSchema(Schema):
    """Changes of a review."""

    text = Text(required=True, min=1, max=2000)


class ReviewQuerySchema(ListQuerySchema):
    """Filters of the list."""

    variant_id = Uuid()


class ReviewSchema(ModelSchema):
    """A customer's text about one variant."""

    metadata = fields.Dict(keys=fields.String(), attribute="metadata_", required=True)

    class Meta(ModelSchema.Meta):
        model = Review
        fields = (
            "id",
            "customer_id",
            "variant_id",
            "product_name",
            "text",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )


ReviewListSchema = page_of(ReviewSchema)
