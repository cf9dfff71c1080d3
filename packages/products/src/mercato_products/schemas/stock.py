"""JSON schemas of stock levels, movements and reservations."""

from typing import Any

import marshmallow as ma
from marshmallow import fields

from mercato_kit.http import ListQuerySchema
from mercato_kit.schemas import (
    MISSING,
    Instant,
    Integer,
    List,
    Listed,
    Message,
    ModelSchema,
    Schema,
    Text,
    Uuid,
)
from mercato_products.models import Reservation, ReservationLine, StockLevel, StockMovement
from mercato_products.schemas.fields import MAX_UNITS, Name, one_of
from mercato_products.values import Adjustment

_EITHER = Message("Send quantity, or set_to with expected_on_hand.", "exclusive")
_NOTHING = Message("Must be greater than 0 or less than 0.", "nonzero")


class StockLevelSchema(ModelSchema):
    """Units of a variant at a location."""

    class Meta(ModelSchema.Meta):
        model = StockLevel
        fields = (
            "variant_id",
            "sku",
            "location_id",
            "on_hand",
            "reserved",
            "backorder_limit",
            "available",
        )

    sku = fields.String()
    available = fields.Integer(
        metadata={"description": "Units on hand plus backorder limit minus reserved units"}
    )


class StockLevelListQuerySchema(ListQuerySchema):
    """Filters of the list of stock levels."""

    sorts = ("sku",)
    default_sort = "sku"

    variant_ids = Listed(Uuid())
    sku = Listed(Text(min=1, max=64))
    location_id = Uuid()
    available_lte = Integer(min=-MAX_UNITS, max=MAX_UNITS, data_key="available[lte]")


class StockMovementSchema(ModelSchema):
    """One stock movement."""

    class Meta(ModelSchema.Meta):
        model = StockMovement
        fields = (
            "id",
            "variant_id",
            "location_id",
            "kind",
            "on_hand_delta",
            "reserved_delta",
            "reference",
            "reference_type",
            "sequence",
            "reason",
            "actor_id",
            "created_at",
        )


class StockMovementListQuerySchema(ListQuerySchema):
    """Filters of the list of stock movements."""

    variant_id = Uuid()
    reference = Uuid()
    kind = Listed(
        one_of("receipt", "adjustment", "reserve", "release", "ship", "unship", "restock")
    )
    created_at_gte = Instant(data_key="created_at[gte]")
    created_at_gt = Instant(data_key="created_at[gt]")
    created_at_lte = Instant(data_key="created_at[lte]")
    created_at_lt = Instant(data_key="created_at[lt]")


class AdjustmentSchema(Schema):
    """A change of one level: a quantity, or a count with the expected quantity."""

    makes = Adjustment

    variant_id = Uuid(required=True)
    location_id = Uuid(
        allow_none=True, metadata={"description": "Defaults to the location default"}
    )
    quantity = Integer(min=-MAX_UNITS, max=MAX_UNITS)
    set_to = Integer(min=0, max=MAX_UNITS)
    expected_on_hand = Integer(min=0, max=MAX_UNITS)
    reason = Name(required=True)
    reference = Uuid(allow_none=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _quantity_or_count(self, data: dict[str, Any], **_kwargs: Any) -> None:
        counted = {"set_to", "expected_on_hand"} & data.keys()
        if "quantity" in data and counted:
            raise ma.ValidationError(_EITHER, "quantity")
        if data.get("quantity") == 0:
            raise ma.ValidationError(_NOTHING, "quantity")
        if "quantity" not in data:
            for name in sorted({"set_to", "expected_on_hand"} - counted):
                raise ma.ValidationError(MISSING, name)


class AdjustmentsSchema(Schema):
    """Adjustments of stock levels, applied all or none."""

    adjustments = List(fields.Nested(AdjustmentSchema), required=True, min=1, max=100)


class AdjustedSchema(ma.Schema):
    """The movements of an adjustment, and the levels after it."""

    movements = fields.List(fields.Nested(StockMovementSchema), required=True)
    levels = fields.List(fields.Nested(StockLevelSchema), required=True)


class ReservationLineSchema(ModelSchema):
    """Units of one variant in a reservation."""

    class Meta(ModelSchema.Meta):
        model = ReservationLine
        fields = ("variant_id", "location_id", "quantity", "shipped", "released", "restocked")


class ReservationSchema(ModelSchema):
    """A stock reservation."""

    class Meta(ModelSchema.Meta):
        model = Reservation
        fields = ("reference", "status", "expires_at", "created_at", "lines")

    lines = fields.List(fields.Nested(ReservationLineSchema))


class ReservationListQuerySchema(ListQuerySchema):
    """Filters of the list of reservations."""

    status = Listed(one_of("held", "committed", "closed", "released"))
    variant_id = Uuid()
