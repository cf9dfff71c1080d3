"""JSON schemas of carts."""

import marshmallow as ma
from marshmallow import fields

from mercato_carts.models import Cart, Line
from mercato_carts.values import MAX_CODES, MAX_QUANTITY, Checkout, Wishes
from mercato_contracts.baskets import Address
from mercato_contracts.countries import COUNTRIES
from mercato_contracts.money import EXPONENTS
from mercato_kit.schemas import (
    Email,
    Instant,
    Integer,
    Line as LineOfText,
    List,
    Metadata,
    ModelSchema,
    Schema,
    StandardCode,
    Text,
    Uuid,
    not_blank,
)


class AccessHeadersSchema(Schema):
    """The access token of a guest's cart."""

    access_token = Text(
        max=100,
        data_key="Cart-Token",
        metadata={"description": "The access_token of the cart, for guests"},
    )


class AddressSchema(Schema):
    """A postal address."""

    makes = Address

    name = LineOfText(required=True, max=200, validate=not_blank)
    line1 = LineOfText(required=True, max=200, validate=not_blank)
    line2 = LineOfText(max=200, allow_none=True, validate=not_blank)
    city = LineOfText(required=True, max=100, validate=not_blank)
    region = LineOfText(max=100, allow_none=True, validate=not_blank)
    postal_code = LineOfText(max=20, allow_none=True, validate=not_blank)
    country = StandardCode(COUNTRIES, "ISO 3166-1 alpha-2", "or XK", required=True)


class NewCartSchema(Schema):
    """A cart to open."""

    currency = StandardCode(EXPONENTS, "ISO 4217", required=True)


class UnitsSchema(Schema):
    """Units of a variant to add."""

    variant_id = Uuid(required=True)
    quantity = Integer(required=True, min=1, max=MAX_QUANTITY)


class QuantitySchema(Schema):
    """The units of a line."""

    quantity = Integer(required=True, min=1, max=MAX_QUANTITY)


class CodesSchema(Schema):
    """The discount codes of a cart."""

    codes = List(LineOfText(min=1, max=100), required=True, max=MAX_CODES)


class MergeSchema(Schema):
    """The guest's cart to merge into the caller's."""

    cart_id = Uuid(required=True)


class _WishesSchema(Schema):
    """Fields that quotes and checkouts share."""

    email = Email(allow_none=True)
    shipping_address = fields.Nested(AddressSchema, allow_none=True)
    billing_address = fields.Nested(AddressSchema, allow_none=True)
    shipping_method = LineOfText(max=200, allow_none=True)
    tax_id = LineOfText(max=50, allow_none=True)


class WishesSchema(_WishesSchema):
    """How a cart is to be sent and billed, for its price."""

    makes = Wishes


class CheckoutSchema(_WishesSchema):
    """What is needed to order a cart."""

    makes = Checkout

    shipping_address = fields.Nested(AddressSchema, required=True)
    expected_amount_total = Integer(required=True, min=0)
    note = Text(max=2000, allow_none=True)
    metadata = Metadata()


class CartLinePriceSchema(ma.Schema):
    """The price of a line now."""

    unit_amount = fields.Integer(required=True)
    amount_subtotal = fields.Integer(required=True)
    amount_discount = fields.Integer(required=True)
    amount_tax = fields.Integer(required=True)
    amount_total = fields.Integer(required=True)


class CartLineSchema(ma.Schema):
    """Units of one variant in a cart."""

    variant_id = fields.UUID(required=True)
    product_id = fields.UUID(required=True)
    sku = fields.String(required=True)
    name = fields.String(required=True)
    variant_name = fields.String(required=True)
    image_url = fields.String(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    price = fields.Nested(CartLinePriceSchema, required=True, allow_none=True)


class CartCodeSchema(ma.Schema):
    """A discount code of a cart."""

    code = fields.String(required=True)
    applies = fields.Boolean(required=True)
    reason = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True, allow_none=True)


class CartChangeSchema(ma.Schema):
    """What is different since a line was added or changed."""

    code = fields.String(required=True)
    variant_id = fields.UUID(required=True)
    before = fields.Integer(required=True, allow_none=True)
    after = fields.Integer(required=True, allow_none=True)


class CartTotalsSchema(ma.Schema):
    """The sums of a cart."""

    tax_included = fields.Boolean(required=True)
    amount_subtotal = fields.Integer(required=True)
    amount_discount = fields.Integer(required=True)
    amount_shipping = fields.Integer(required=True)
    amount_tax = fields.Integer(required=True)
    amount_rounding = fields.Integer(required=True)
    amount_total = fields.Integer(required=True)


class CartShippingMethodSchema(ma.Schema):
    """A shipping method that can be chosen."""

    code = fields.String(required=True)
    label = fields.String(required=True)
    amount_subtotal = fields.Integer(required=True)
    amount_discount = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    days_min = fields.Integer(required=True, allow_none=True)
    days_max = fields.Integer(required=True, allow_none=True)


class CartSchema(ma.Schema):
    """A cart with its price now."""

    id = fields.UUID(required=True)
    status = fields.String(required=True)
    currency = fields.String(required=True)
    customer_id = fields.UUID(required=True, allow_none=True)
    order_id = fields.UUID(required=True, allow_none=True)
    lines = fields.List(fields.Nested(CartLineSchema), required=True)
    codes = fields.List(fields.Nested(CartCodeSchema), required=True)
    changes = fields.List(fields.Nested(CartChangeSchema), required=True)
    totals = fields.Nested(CartTotalsSchema, required=True, allow_none=True)
    shipping_methods = fields.List(fields.Nested(CartShippingMethodSchema), required=True)
    warnings = fields.List(fields.Dict(keys=fields.String()), required=True)
    refusal = fields.String(required=True, allow_none=True)
    valid_until = Instant(required=True, allow_none=True)
    created_at = Instant(required=True)
    updated_at = Instant(required=True)
    expires_at = Instant(required=True)


class OpenedCartSchema(CartSchema):
    """A cart that was opened."""

    access_token = fields.String(required=True, allow_none=True)


class CartOrderSchema(ma.Schema):
    """The order of a cart."""

    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    amount_total = fields.Integer(required=True)
    access_token = fields.String(required=True, allow_none=True)


class ExportedLineSchema(ModelSchema):
    """A line of a cart in the export of a person's data."""

    class Meta(ModelSchema.Meta):
        model = Line
        fields = ("variant_id", "sku", "name", "variant_name", "quantity", "unit_amount")


class ExportedCartSchema(ModelSchema):
    """A cart in the export of a person's data."""

    class Meta(ModelSchema.Meta):
        model = Cart
        fields = ("id", "status", "currency", "codes", "order_id", "lines", "created_at")

    codes = fields.List(fields.String())
    lines = fields.List(fields.Nested(ExportedLineSchema))
