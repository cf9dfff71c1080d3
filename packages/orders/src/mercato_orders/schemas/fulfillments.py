"""Fulfilments: what clients send, and what is shown."""

from marshmallow import fields

from mercato_kit.http import page_of
from mercato_kit.schemas import Line, ModelSchema, Schema
from mercato_orders.models import Fulfillment, FulfillmentLine
from mercato_orders.schemas.units import UnitsByLine
from mercato_orders.values import NewFulfillment


class TrackingSchema(Schema):
    """How a fulfilment is tracked."""

    tracking_company = Line(min=1, max=100, allow_none=True)
    tracking_number = Line(min=1, max=100, allow_none=True)


class NewFulfillmentSchema(TrackingSchema):
    """Units that are sent together."""

    makes = NewFulfillment

    lines = UnitsByLine(required=True)


class FulfillmentLineSchema(ModelSchema):
    """Units of a line in a fulfilment."""

    class Meta(ModelSchema.Meta):
        model = FulfillmentLine
        fields = ("line_id", "quantity")


class FulfillmentSchema(ModelSchema):
    """Units of an order that are sent together."""

    lines = fields.List(fields.Nested(FulfillmentLineSchema), required=True)

    class Meta(ModelSchema.Meta):
        model = Fulfillment
        fields = (
            "id",
            "order_id",
            "sequence",
            "status",
            "tracking_company",
            "tracking_number",
            "lines",
            "shipped_at",
            "delivered_at",
            "canceled_at",
            "version",
            "created_at",
            "updated_at",
        )


FulfillmentListSchema = page_of(FulfillmentSchema)
