"""JSON schemas of variants and their prices."""

from typing import Any

import marshmallow as ma
from marshmallow import fields

from mercato_kit.http import ListQuerySchema
from mercato_kit.schemas import (
    Boolean,
    Dict,
    Integer,
    Line,
    List,
    Listed,
    Message,
    Metadata,
    ModelSchema,
    Schema,
    Text,
    Uuid,
)
from mercato_products.models import Price, Variant
from mercato_products.schemas.fields import MAX_UNITS, Amount, Code, Currency, Gtin, Name, one_of
from mercato_products.values import NewPrice, NewVariant


class PriceSchema(ModelSchema):
    """A price of a variant."""

    class Meta(ModelSchema.Meta):
        model = Price
        fields = ("currency", "unit_amount", "compare_at_amount")


class VariantStockSchema(ma.Schema):
    """Availability of a variant."""

    availability = fields.String(required=True)
    available = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Units that can be reserved; null if not tracked"},
    )


class VariantSchema(ModelSchema):
    """A variant with its prices."""

    sometimes = ("stock",)

    class Meta(ModelSchema.Meta):
        model = Variant
        fields = (
            "id",
            "product_id",
            "sku",
            "gtin",
            "name",
            "option_values",
            "position",
            "weight_grams",
            "requires_shipping",
            "track_inventory",
            "tax_code",
            "status",
            "prices",
            "stock",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )

    option_values = fields.Dict(keys=fields.String(), values=fields.String())
    prices = fields.List(fields.Nested(PriceSchema))
    stock = fields.Nested(
        VariantStockSchema, metadata={"description": "Only with expand=variants.stock"}
    )
    metadata = fields.Dict(keys=fields.String(), attribute="metadata_")


class VariantPriceSchema(ModelSchema):
    """A price with the new version of its variant."""

    class Meta(ModelSchema.Meta):
        model = Price
        fields = ("variant_id", "currency", "unit_amount", "compare_at_amount", "version")

    version = fields.Integer(
        attribute="variant.version",
        metadata={"description": "Version of the variant, for the next If-Match"},
    )


class VariantListQuerySchema(ListQuerySchema):
    """Filters and sort order of the list of variants."""

    sorts = ("sku", "created_at")
    default_sort = "sku"

    sku = Listed(Text(min=1, max=64))
    ids = Listed(Uuid())


class ProductVariantListQuerySchema(ListQuerySchema):
    """Sort order of the variants of one product."""

    sorts = ("position", "sku", "created_at")
    default_sort = "position"


class PriceInputSchema(Schema):
    """The price of one unit."""

    unit_amount = Amount(required=True)
    compare_at_amount = Amount(allow_none=True)


class NewPriceSchema(PriceInputSchema):
    """A price in one currency."""

    makes = NewPrice

    currency = Currency(required=True)


class _VariantFields(Schema):
    gtin = Gtin(allow_none=True)
    name = Line(max=400)
    option_values = Dict(keys=Name(max=40), values=Name(max=60), max=5)
    position = Integer(min=0, max=1_000_000)
    weight_grams = Integer(min=0, max=MAX_UNITS, allow_none=True)
    requires_shipping = Boolean()
    track_inventory = Boolean()
    tax_code = Code(max=50, allow_none=True)
    metadata = Metadata(attribute="metadata_")


class NewVariantSchema(_VariantFields):
    """A variant to create."""

    makes = NewVariant

    sku = Code(max=64, required=True)
    prices = List(fields.Nested(NewPriceSchema), max=20)

    @ma.validates_schema(skip_on_field_errors=True)
    def _one_price_a_currency(self, data: dict[str, Any], **_kwargs: Any) -> None:
        currencies = [price.currency for price in data.get("prices", ())]
        if len(set(currencies)) < len(currencies):
            message = Message("Has two prices in the same currency.", "repeated")
            raise ma.ValidationError(message, "prices")


class VariantChangesSchema(_VariantFields):
    """Changes of a variant; absent fields stay unchanged."""

    sku = Code(max=64)
    status = one_of("active", "archived")
