"""Refunds: what clients send, and what is shown."""

from typing import Any

import marshmallow as ma
from marshmallow import fields

from mercato_kit.http import page_of
from mercato_kit.schemas import Boolean, Integer, Message, ModelSchema, Schema, Text
from mercato_orders.models import Refund, RefundLine
from mercato_orders.schemas.units import UnitsByLine
from mercato_orders.values import NewRefund


class NewRefundSchema(Schema):
    """Money to give back: an amount, or units and shipping; without them all that is left."""

    makes = NewRefund

    amount = Integer(min=1, metadata={"description": "Minor units; no line is refunded"})
    lines = UnitsByLine(
        metadata={"description": "Units that were sent, then units that are not sent any more"}
    )
    amount_shipping = Integer(min=1, metadata={"description": "Part of shipping, with its tax"})
    reason = Text(max=500, allow_none=True)
    restock = Boolean(
        load_default=False,
        metadata={"description": "Units that were sent have come back, and are put into stock"},
    )

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_choice(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "amount" in data and ("lines" in data or "amount_shipping" in data):
            text = "Name an amount, or lines and shipping."
            raise ma.ValidationError(Message(text, "exclusive"), "amount")


class RefundLineSchema(ModelSchema):
    """Units of a line that were refunded."""

    class Meta(ModelSchema.Meta):
        model = RefundLine
        fields = ("line_id", "kind", "quantity", "amount")


class RefundSchema(ModelSchema):
    """A refund: money that goes back to the customer."""

    currency = fields.String(attribute="order.currency", required=True)
    lines = fields.List(fields.Nested(RefundLineSchema), required=True)

    class Meta(ModelSchema.Meta):
        model = Refund
        fields = (
            "id",
            "order_id",
            "payment_id",
            "source",
            "status",
            "amount",
            "amount_tax",
            "amount_shipping",
            "currency",
            "reason",
            "error_code",
            "lines",
            "created_at",
        )


RefundListSchema = page_of(RefundSchema)
