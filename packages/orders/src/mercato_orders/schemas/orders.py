"""What is shown of orders."""

from marshmallow import fields

from mercato_kit.http import page_of
from mercato_kit.schemas import ModelSchema
from mercato_orders.models import Adjustment, Line, Order, OrderEvent, Payment
from mercato_orders.schemas.fulfillments import FulfillmentSchema
from mercato_orders.schemas.refunds import RefundSchema


class LineSchema(ModelSchema):
    """A line of an order, with name and price when the order was placed."""

    tax_rate = fields.String(required=True)

    class Meta(ModelSchema.Meta):
        model = Line
        fields = (
            "id",
            "position",
            "product_id",
            "variant_id",
            "sku",
            "name",
            "variant_name",
            "image_url",
            "unit_amount",
            "quantity",
            "amount_subtotal",
            "amount_discount",
            "tax_rate",
            "amount_tax",
            "amount_total",
            "requires_shipping",
            "quantity_pending",
            "quantity_fulfilled",
            "quantity_canceled",
            "quantity_returned",
            "quantity_refunded",
        )


class AdjustmentSchema(ModelSchema):
    """A part of an order's price besides listed prices."""

    rate = fields.String(required=True, allow_none=True)

    class Meta(ModelSchema.Meta):
        model = Adjustment
        fields = (
            "kind",
            "target",
            "line_id",
            "provider",
            "code",
            "label",
            "amount",
            "rate",
            "reason",
        )


class PaymentSchema(ModelSchema):
    """One attempt to pay an order."""

    currency = fields.String(attribute="order.currency", required=True)

    class Meta(ModelSchema.Meta):
        model = Payment
        fields = (
            "id",
            "order_id",
            "provider",
            "provider_payment_id",
            "status",
            "amount",
            "amount_captured",
            "amount_refunded",
            "currency",
            "error_code",
            "next_action",
            "version",
            "created_at",
        )


_SUMMARY = (
    "id",
    "number",
    "customer_id",
    "customer_email",
    "customer_name",
    "status",
    "payment_status",
    "fulfillment_status",
    "currency",
    "amount_subtotal",
    "amount_discount",
    "amount_shipping",
    "amount_tax",
    "amount_rounding",
    "amount_total",
    "amount_canceled",
    "amount_paid",
    "amount_refunded",
    "tax_included",
    "expires_at",
    "placed_at",
    "paid_at",
    "canceled_at",
    "completed_at",
    "version",
    "created_at",
    "updated_at",
)

_DETAIL = (
    *_SUMMARY,
    "shipping_method",
    "tax_id",
    "shipping_address",
    "billing_address",
    "note",
    "cancel_reason",
    "lines",
    "adjustments",
    "payments",
    "refunds",
    "fulfillments",
    "metadata",
)


class OrderSummarySchema(ModelSchema):
    """An order in a list."""

    class Meta(ModelSchema.Meta):
        model = Order
        fields = _SUMMARY


class OrderSchema(ModelSchema):
    """An order with its all its parts. Amounts are in minor units of the currency."""

    lines = fields.List(fields.Nested(LineSchema), required=True)
    adjustments = fields.List(fields.Nested(AdjustmentSchema), required=True)
    payments = fields.List(fields.Nested(PaymentSchema), required=True)
    refunds = fields.List(fields.Nested(RefundSchema), required=True)
    fulfillments = fields.List(fields.Nested(FulfillmentSchema), required=True)
    metadata = fields.Dict(attribute="metadata_", required=True)

    class Meta(ModelSchema.Meta):
        model = Order
        fields = _DETAIL


class PlacedOrderSchema(OrderSchema):
    """A new order; a guest's order has an access token."""

    access_token = fields.String(
        metadata={"description": "Guests only: send as Order-Access-Token"}
    )

    class Meta(ModelSchema.Meta):
        model = Order
        fields = (*_DETAIL, "access_token")


class OrderEventSchema(ModelSchema):
    """One entry of an order's timeline."""

    class Meta(ModelSchema.Meta):
        model = OrderEvent
        fields = ("id", "type", "is_public", "actor_type", "data", "created_at")


OrderListSchema = page_of(OrderSummarySchema)
PaymentListSchema = page_of(PaymentSchema)
OrderEventListSchema = page_of(OrderEventSchema)


class EventLineSchema(ModelSchema):
    """What events have of a line."""

    class Meta(ModelSchema.Meta):
        model = Line
        fields = (
            "id",
            "product_id",
            "variant_id",
            "sku",
            "quantity",
            "amount_subtotal",
            "amount_discount",
            "amount_tax",
            "amount_total",
        )


class EventAdjustmentSchema(ModelSchema):
    """What events have of an adjustment."""

    class Meta(ModelSchema.Meta):
        model = Adjustment
        fields = ("kind", "provider", "reduction_id", "code", "label", "amount")


class EventPartsSchema(ModelSchema):
    """What events have of the parts of an order."""

    lines = fields.List(fields.Nested(EventLineSchema), required=True)
    adjustments = fields.List(fields.Nested(EventAdjustmentSchema), required=True)

    class Meta(ModelSchema.Meta):
        model = Order
        fields = ("lines", "adjustments")
