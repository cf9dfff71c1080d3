"""JSON in and out."""

from marshmallow import fields, validate

from mercato_gizmo.models import Item, Part
from mercato_gizmo.values import NewItem, NewPart
from mercato_kit.http import ListQuerySchema
from mercato_kit.schemas import Instant, Integer, Metadata, ModelSchema, Schema, Text

STATUSES = ("open", "closed")


class NewPartSchema(Schema):
    """A part of a new item."""

    makes = NewPart

    label = Text(required=True, min=1, max=100)
    quantity = Integer(min=1, max=999, load_default=1)


class NewItemSchema(Schema):
    """An item to make."""

    makes = NewItem

    code = Text(required=True, min=1, max=64)
    name = Text(required=True, min=1, max=200)
    amount = Integer(required=True, min=0)
    currency = Text(required=True, validate=validate.Regexp("[A-Z]{3}$"))
    note = Text(max=1000, allow_none=True)
    parts = fields.List(fields.Nested(NewPartSchema), validate=validate.Length(max=50))
    metadata = Metadata()


class ItemChangeSchema(Schema):
    """What may be changed of an item."""

    name = Text(min=1, max=200)
    note = Text(max=1000, allow_none=True)
    status = fields.String(validate=validate.OneOf(STATUSES))


class ItemQuerySchema(ListQuerySchema):
    """Which items, in which order."""

    sorts = ("created_at", "code")

    status = fields.String(validate=validate.OneOf(STATUSES))
    created_after = Instant(data_key="created_at[gte]")


class PartSchema(ModelSchema):
    """A part."""

    class Meta(ModelSchema.Meta):
        """What is published of it."""

        model = Part
        fields = ("id", "label", "quantity")


class ItemSchema(ModelSchema):
    """An item."""

    class Meta(ModelSchema.Meta):
        """What is published of it."""

        model = Item
        fields = (
            "id",
            "code",
            "name",
            "note",
            "status",
            "amount",
            "currency",
            "parts",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )

    parts = fields.List(fields.Nested(PartSchema))
    metadata = Metadata(attribute="metadata_")
