"""JSON schemas of products and their media."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from mercato_kit.http import ListQuerySchema
from mercato_kit.schemas import (
    MISSING,
    Boolean,
    Line,
    List,
    Listed,
    Metadata,
    ModelSchema,
    QuerySchema,
    Schema,
    Text,
    Uuid,
)
from mercato_products.models import AVAILABILITIES, Medium, PriceRange, Product
from mercato_products.schemas.fields import Address, Amount, Code, Currency, Handle, Name, one_of
from mercato_products.schemas.variants import NewVariantSchema, VariantSchema
from mercato_products.values import STATUSES, NewMedium, NewProduct


class MediumSchema(ModelSchema):
    """An image."""

    class Meta(ModelSchema.Meta):
        model = Medium
        fields = ("url", "alt", "variant_id")


class PriceRangeSchema(ModelSchema):
    """The lowest and highest price of a product's variants in one currency."""

    class Meta(ModelSchema.Meta):
        model = PriceRange
        fields = ("currency", "min_amount", "max_amount")


class ProductSchema(ModelSchema):
    """A product with its variants, prices and media."""

    sometimes = ("availability", "version")

    class Meta(ModelSchema.Meta):
        model = Product
        fields = (
            "id",
            "handle",
            "name",
            "description",
            "brand",
            "status",
            "options",
            "tax_code",
            "external_reference",
            "image_url",
            "availability",
            "category_ids",
            "variants",
            "media",
            "metadata",
            "version",
            "published_at",
            "archived_at",
            "created_at",
            "updated_at",
        )

    options = fields.List(fields.String())
    image_url = fields.String(allow_none=True)
    availability = fields.String(
        validate=validate.OneOf(AVAILABILITIES),
        metadata={"description": "Only with expand=variants.stock"},
    )
    category_ids = fields.List(fields.UUID())
    variants = fields.List(fields.Nested(VariantSchema))
    media = fields.List(fields.Nested(MediumSchema))
    metadata = fields.Dict(keys=fields.String(), attribute="metadata_")

    @ma.post_dump
    def _stock_has_no_version(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        # Stock changes without a new version of the product, so a response with stock has no ETag.
        data.pop("version" if data["availability"] else "availability")
        return data


class ProductSummarySchema(ModelSchema):
    """A product in a list."""

    class Meta(ModelSchema.Meta):
        model = Product
        fields = (
            "id",
            "handle",
            "name",
            "brand",
            "status",
            "image_url",
            "price_range",
            "availability",
            "created_at",
            "updated_at",
        )

    image_url = fields.String(allow_none=True)
    price_range = fields.Nested(PriceRangeSchema, allow_none=True)
    availability = fields.String(validate=validate.OneOf(AVAILABILITIES))


class ProductListQuerySchema(ListQuerySchema):
    """Filters and sort order of the list of products."""

    sorts = ("name", "created_at", "price", "relevance")

    q = Text(
        min=1,
        max=100,
        metadata={
            "description": "Words, or their beginnings, in name, brand, description or SKU; finds "
            "the newest 1,000 products, sorted by -relevance unless sort is given"
        },
    )
    category = Text(min=1, max=80, metadata={"description": "Handle or id; includes subcategories"})
    status = Listed(one_of(*STATUSES))
    ids = Listed(Uuid())
    currency = Currency()
    price_gte = Amount(data_key="price[gte]")
    price_lte = Amount(data_key="price[lte]")
    in_stock = Boolean()

    def choose_sort(self, filters: dict[str, Any]) -> str:
        """Sort a search by relevance."""
        return "-relevance" if "q" in filters else self.default_sort

    @ma.validates_schema(skip_on_field_errors=True)
    def _relevance_has_words(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("sort", "").endswith("relevance") and "q" not in data:
            raise ma.ValidationError(MISSING, "q")

    @ma.validates_schema(skip_on_field_errors=True)
    def _price_has_a_currency(self, data: dict[str, Any], **_kwargs: Any) -> None:
        needs = "price_gte" in data or "price_lte" in data or data.get("sort", "")[-5:] == "price"
        if needs and "currency" not in data:
            raise ma.ValidationError(MISSING, "currency")


class ProductQuerySchema(QuerySchema):
    """Options of a single product."""

    currency = Currency(metadata={"description": "Return only prices in this currency"})
    expand = Listed(one_of("variants.stock"), max=1)


class MediumInputSchema(Schema):
    """An image of a product."""

    makes = NewMedium
    max_items = 50

    url = Address(required=True)
    alt = Line(max=500)
    variant_id = Uuid(allow_none=True, metadata={"description": "The variant in the image"})


class _ProductFields(Schema):
    description = Text(max=20_000)
    brand = Name(max=100, allow_none=True)
    tax_code = Code(max=50, allow_none=True)
    external_reference = Code(max=100, allow_none=True)
    category_ids = List(Uuid(), max=20)
    metadata = Metadata(attribute="metadata_")


class NewProductSchema(_ProductFields):
    """A product to create."""

    makes = NewProduct

    name = Name(required=True)
    handle = Handle(metadata={"description": "Default: generated from the name"})
    status = one_of("draft", "active")
    options = List(
        Name(max=40),
        max=5,
        metadata={"description": "Option names; default: those of the first variant"},
    )
    variants = List(fields.Nested(NewVariantSchema), max=100)


class ProductChangesSchema(_ProductFields):
    """Changes of a product; absent fields stay unchanged."""

    name = Name()
    handle = Handle()
    status = one_of(*STATUSES)
