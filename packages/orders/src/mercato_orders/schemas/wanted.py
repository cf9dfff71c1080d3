"""What clients send."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from mercato_contracts.baskets import Address
from mercato_contracts.countries import COUNTRIES
from mercato_contracts.money import EXPONENTS
from mercato_contracts.orders import WantedLine
from mercato_contracts.payments import Payments
from mercato_kit.http import ListQuerySchema
from mercato_kit.schemas import (
    Boolean,
    Email,
    Instant,
    Integer,
    Line as LineOfText,
    List,
    Listed,
    Message,
    Metadata,
    ProviderName,
    Schema,
    StandardCode,
    Text,
    Uuid,
    not_blank,
)
from mercato_orders.models import FULFILLMENT_STATUSES, ORDER_STATUSES, PAYMENT_STATUSES
from mercato_orders.schemas.units import UnitsByLine
from mercato_orders.values import (
    MAX_QUANTITY,
    Cancellation,
    NewOrder,
    NewPayment,
    email_key,
    sum_quantities,
)


class AccessHeadersSchema(Schema):
    """The access token of a guest's order."""

    access_token = Text(
        max=100,
        data_key="Order-Access-Token",
        metadata={"description": "The access_token of the order, for guests"},
    )


class EmailKey(Email):
    """An e-mail address, loaded as the key of its orders."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return email_key(super()._deserialize(value, *args, **kwargs))


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


class WantedLineSchema(Schema):
    """Units of one variant."""

    makes = WantedLine

    variant_id = Uuid(required=True)
    quantity = Integer(required=True, min=1, max=MAX_QUANTITY)


class _WantedLinesSchema(Schema):
    """Fields that quotes and orders share."""

    makes = NewOrder

    lines = List(fields.Nested(WantedLineSchema), required=True, min=1, max=100)
    currency = StandardCode(EXPONENTS, "ISO 4217", required=True)
    shipping_method = LineOfText(
        max=200,
        allow_none=True,
        metadata={"description": "One of the quote's shipping_methods: provider.code"},
    )
    discount_codes = List(
        LineOfText(max=100),
        max=20,
        metadata={"description": "Codes of discounts, in any case"},
    )
    billing_address = fields.Nested(AddressSchema, allow_none=True)
    tax_id = LineOfText(
        max=50,
        allow_none=True,
        metadata={"description": "The customer's VAT number or the like"},
    )

    @ma.validates_schema
    def _check_sums(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """Apply the limit of one line to the sum of all lines of a variant."""
        lines: list[WantedLine] = data["lines"]
        sums = sum_quantities(lines)
        text = f"Must be less than or equal to {MAX_QUANTITY} in total for the variant."
        too_many = {
            index: {"quantity": [Message(text, "max")]}
            for index, line in enumerate(lines)
            if sums[line.variant_id] > MAX_QUANTITY
        }
        if too_many:
            raise ma.ValidationError({"lines": too_many})


class WantedQuoteSchema(_WantedLinesSchema):
    """Lines to price."""

    shipping_address = fields.Nested(AddressSchema, allow_none=True)


class NewOrderSchema(_WantedLinesSchema):
    """An order to place."""

    email = Email(
        allow_none=True,
        metadata={"description": "Required for guests; defaults to the account's address"},
    )
    shipping_address = fields.Nested(AddressSchema, required=True)
    expected_amount_total = Integer(
        min=0,
        allow_none=True,
        metadata={"description": "Refuse the order if its total differs"},
    )
    note = Text(max=2000, allow_none=True)
    metadata = Metadata()


class NewPaymentSchema(Schema):
    """A payment of the order's total."""

    makes = NewPayment

    provider = ProviderName(Payments, required=True)
    payment_method = LineOfText(
        max=255,
        allow_none=True,
        metadata={"description": "The provider's token of the payment method"},
    )
    return_url = LineOfText(
        max=2000,
        allow_none=True,
        validate=validate.URL(schemes={"https", "http"}, require_tld=False),
        metadata={"format": "uri"},
    )


class CaptureSchema(Schema):
    """What of an authorized payment is captured; without amount all that is due."""

    amount = Integer(min=1, allow_none=True)


class CancellationSchema(Schema):
    """What of an order is canceled, and why; without lines all of it."""

    makes = Cancellation

    lines = UnitsByLine(metadata={"description": "Units that are not sent any more"})
    reason = Text(max=500, allow_none=True)
    restock = Boolean(
        load_default=True,
        validate=validate.Equal(comparable=True),
        metadata={"description": "Always true: units that are not sent are released"},
    )


class OrderChangesSchema(Schema):
    """Changes of an order; absent members stay unchanged."""

    note = Text(max=2000, allow_none=True)
    shipping_address = fields.Nested(AddressSchema)
    metadata = Metadata()


class NewNoteSchema(Schema):
    """A note of staff."""

    text = Text(required=True, min=1, max=2000, validate=not_blank)
    is_public = Boolean(
        load_default=False, metadata={"description": "Whether the customer sees it; default false"}
    )


class ClaimSchema(Schema):
    """A guest's order, and the proof that the caller placed it."""

    number = Integer(required=True, min=1)
    access_token = Text(required=True, min=1, max=100)


class OrderQuerySchema(ListQuerySchema):
    """Filters and sort order of the list of orders."""

    sorts = ("created_at", "number", "amount_total")

    q = LineOfText(
        min=1,
        max=200,
        metadata={
            "description": "Number, e-mail address, or beginnings of words of the customer's or "
            "the recipient's name"
        },
    )
    status = Listed(Text(max=20, validate=validate.OneOf(ORDER_STATUSES)))
    payment_status = Listed(Text(max=20, validate=validate.OneOf(PAYMENT_STATUSES)))
    fulfillment_status = Listed(Text(max=20, validate=validate.OneOf(FULFILLMENT_STATUSES)))
    customer_id = Uuid()
    customer_email_key = EmailKey(data_key="email")
    number = Integer(min=1)
    created_at_gte = Instant(data_key="created_at[gte]")
    created_at_gt = Instant(data_key="created_at[gt]")
    created_at_lte = Instant(data_key="created_at[lte]")
    created_at_lt = Instant(data_key="created_at[lt]")
    amount_total_gte = Integer(min=0, data_key="amount_total[gte]")
    amount_total_gt = Integer(min=0, data_key="amount_total[gt]")
    amount_total_lte = Integer(min=0, data_key="amount_total[lte]")
    amount_total_lt = Integer(min=0, data_key="amount_total[lt]")


class PartQuerySchema(ListQuerySchema):
    """The query of the lists of one order: sorted oldest first."""

    default_sort = "created_at"
