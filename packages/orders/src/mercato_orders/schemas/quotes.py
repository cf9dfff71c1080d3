"""What a quote shows."""

import marshmallow as ma
from marshmallow import fields, validate

from mercato_orders.models import ADJUSTMENT_KINDS, ADJUSTMENT_TARGETS


class QuotedLineSchema(ma.Schema):
    """Units of one variant with their price."""

    variant_id = fields.UUID(attribute="item.variant_id", required=True)
    product_id = fields.UUID(attribute="item.product_id", required=True)
    sku = fields.String(attribute="item.sku", required=True)
    name = fields.String(attribute="item.name", required=True)
    variant_name = fields.String(attribute="item.variant_name", required=True)
    image_url = fields.String(attribute="item.image_url", required=True, allow_none=True)
    unit_amount = fields.Integer(attribute="item.unit_amount", required=True)
    quantity = fields.Integer(required=True)
    amount_subtotal = fields.Integer(required=True)
    amount_discount = fields.Integer(required=True)
    tax_rate = fields.String(required=True)
    amount_tax = fields.Integer(required=True)
    amount_total = fields.Integer(required=True)


class QuotedAdjustmentSchema(ma.Schema):
    """A part of the price besides listed prices."""

    kind = fields.String(required=True, validate=validate.OneOf(ADJUSTMENT_KINDS))
    target = fields.String(required=True, validate=validate.OneOf(ADJUSTMENT_TARGETS))
    variant_id = fields.UUID(required=True, allow_none=True)
    provider = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    label = fields.String(required=True)
    amount = fields.Integer(required=True)
    rate = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class ShippingMethodSchema(ma.Schema):
    """A shipping method that can be chosen, with its price after discounts."""

    code = fields.String(required=True)
    label = fields.String(required=True)
    amount_subtotal = fields.Integer(required=True)
    amount_discount = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    days_min = fields.Integer(required=True, allow_none=True)
    days_max = fields.Integer(required=True, allow_none=True)


class QuoteWarningSchema(ma.Schema):
    """A reason why the order would be refused now, or may cost something else."""

    code = fields.String(required=True)
    variant_id = fields.UUID()
    requested = fields.Integer()
    discount_code = fields.String()
    provider = fields.String()


class QuoteSchema(ma.Schema):
    """The current price of an order. Amounts are in minor units of the currency."""

    lines = fields.List(fields.Nested(QuotedLineSchema), attribute="order.lines", required=True)
    currency = fields.String(attribute="order.total.basket.currency", required=True)
    amount_subtotal = fields.Integer(attribute="order.total.amount_subtotal", required=True)
    amount_discount = fields.Integer(attribute="order.total.amount_discount", required=True)
    amount_shipping = fields.Integer(attribute="order.total.amount_shipping", required=True)
    amount_tax = fields.Integer(attribute="order.total.amount_tax", required=True)
    amount_total = fields.Integer(attribute="order.total.amount_total", required=True)
    tax_included = fields.Boolean(attribute="order.total.tax_included", required=True)
    tax_estimated = fields.Boolean(attribute="order.total.tax_estimated", required=True)
    adjustments = fields.List(fields.Nested(QuotedAdjustmentSchema), required=True)
    shipping_methods = fields.List(fields.Nested(ShippingMethodSchema), required=True)
    warnings = fields.List(fields.Nested(QuoteWarningSchema), required=True)
