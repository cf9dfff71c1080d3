"""Problems of orders."""

from collections.abc import Collection, Sequence
from typing import ClassVar
from uuid import UUID

from mercato_contracts.stock import Shortage
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.errors import Conflict, FieldError, Invalid

_ID = {"type": "string", "format": "uuid"}
_SHORTAGE = {
    "type": "object",
    "properties": {
        "variant_id": {**_ID, "description": "Id of the variant"},
        "requested": {"type": "integer", "description": "Units wanted"},
        "available_hint": {"type": "integer", "description": "Units that were available"},
    },
    "required": ["variant_id", "requested", "available_hint"],
}


class VariantUnavailable(Conflict):
    """Some variants do not exist, are not for sale, or have no price in the currency."""

    code = "variant_unavailable"
    title = "Some items are not available"
    member_schemas: ClassVar = {
        "variant_ids": {"type": "array", "items": _ID, "description": "The variants"}
    }

    def __init__(self, variant_ids: Collection[UUID]) -> None:
        super().__init__(variant_ids=[str(variant_id) for variant_id in variant_ids])


class InsufficientStock(Conflict):
    """Some variants have too few units; nothing was reserved.

    ``available_hint`` may be out of date.
    """

    code = "insufficient_stock"
    title = "Insufficient stock"
    member_schemas: ClassVar = {
        "shortages": {"type": "array", "items": _SHORTAGE, "description": "What is short"}
    }

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__(
            shortages=[
                {
                    "variant_id": str(shortage.variant_id),
                    "requested": shortage.requested,
                    "available_hint": shortage.available,
                }
                for shortage in shortages
            ]
        )


class PriceChanged(Conflict):
    """The total differs from ``expected_amount_total``; ``amount_total`` is the actual total."""

    code = "price_changed"
    title = "The total differs from the expected total"
    member_schemas: ClassVar = {
        "amount_total": {"type": "integer", "description": "The actual total"}
    }

    def __init__(self, amount_total: int) -> None:
        super().__init__(amount_total=amount_total)


class AmountTooLarge(Invalid):
    """The order's total is above 2^53 - 1, the largest integer that is exact in JSON."""

    code = "amount_too_large"
    title = "The total is too large"

    def __init__(self) -> None:
        detail = f"The lines together cost more than {MAX_SAFE_INTEGER}."
        super().__init__(errors=[FieldError("/lines", "max", detail)])


class UnknownDiscountCode(Invalid):
    """The discount code does not exist."""

    code = "unknown_discount_code"
    title = "Unknown discount code"

    def __init__(self) -> None:
        unknown = FieldError("/discount_codes/0", "unknown", self.title)
        super().__init__(errors=[unknown])


class UnknownShippingMethod(Invalid):
    """The shipping method does not exist."""

    code = "unknown_shipping_method"
    title = "Unknown shipping method"

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/shipping_method", "unknown", self.title)])


class InvalidTransition(Conflict):
    """The order's state does not allow this change."""

    code = "invalid_transition"
    title = "The order's state does not allow this change"


class OrderNotPayable(Conflict):
    """The order is paid or closed, or its units are no longer reserved."""

    code = "order_not_payable"
    title = "The order cannot be paid"


class PaymentInProgress(Conflict):
    """Another payment of the order is in progress."""

    code = "payment_in_progress"
    title = "Another payment of this order is in progress"
