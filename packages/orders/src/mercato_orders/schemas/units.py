"""Units of an order's lines, as clients name them."""

from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import fields

from mercato_kit.schemas import Integer, List, Message, Schema, Uuid
from mercato_orders.values import MAX_QUANTITY


class UnitsSchema(Schema):
    """Units of one line."""

    line_id = Uuid(required=True)
    quantity = Integer(required=True, min=1, max=MAX_QUANTITY)


class UnitsByLine(List):
    """Units of lines, each line once; loaded as units by id of the line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(fields.Nested(UnitsSchema), min=1, max=100, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        items = super()._deserialize(value, *args, **kwargs)
        units: dict[UUID, int] = {}
        for place, item in enumerate(items):
            if item["line_id"] in units:
                twice = Message("The line is named twice.", "repeated")
                raise ma.ValidationError({place: {"line_id": [twice]}})
            units[item["line_id"]] = item["quantity"]
        return units
