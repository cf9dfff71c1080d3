"""JSON schemas of categories."""

from marshmallow import fields

from mercato_kit.http import ListQuerySchema
from mercato_kit.schemas import Integer, Metadata, ModelSchema, Schema, Uuid
from mercato_products.models import Category
from mercato_products.schemas.fields import Handle, Name
from mercato_products.values import NewCategory


class CategorySchema(ModelSchema):
    """A category and its position in the tree."""

    class Meta(ModelSchema.Meta):
        model = Category
        fields = (
            "id",
            "parent_id",
            "handle",
            "name",
            "path",
            "depth",
            "position",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )

    metadata = fields.Dict(keys=fields.String(), attribute="metadata_")


class CategoryListQuerySchema(ListQuerySchema):
    """Filter and sort order of the list of categories."""

    sorts = ("path", "name", "position")
    default_sort = "path"

    parent_id = Uuid()


class _CategoryFields(Schema):
    handle = Handle()
    parent_id = Uuid(allow_none=True)
    position = Integer(min=0, max=1_000_000)
    metadata = Metadata(attribute="metadata_")


class NewCategorySchema(_CategoryFields):
    """A category to create."""

    makes = NewCategory

    name = Name(required=True)


class CategoryChangesSchema(_CategoryFields):
    """Changes of a category; absent fields stay unchanged."""

    name = Name()
