"""What orders refuses."""

from collections.abc import Collection
from collections.abc import Sequence
from uuid import UUID

from mercato_contracts.stock import Shortage
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.errors import Conflict
from mercato_kit.errors import FieldError
from mercato_kit.errors import Invalid


class VariantUnavailable(Conflict):
    """Some variants do not exist, are not for sale, or have no price in the currency."""

    code = "variant_unavailable"
    title = "Some of it is not for sale"

    def __init__(self, variant_ids: Collection[UUID]) -> None:
        super().__init__(variant_ids=[str(variant_id) for variant_id in variant_ids])


class InsufficientStock(Conflict):
    """Some variants are short; nothing was reserved. ``available_hint`` may be old already."""

    code = "insufficient_stock"
    title = "There is not enough of it"

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
    """The order costs another amount than the client expects; ``amount_total`` is what it costs."""

    code = "price_changed"
    title = "The total is not the expected one"

    def __init__(self, amount_total: int) -> None:
        super().__init__(amount_total=amount_total)


class AmountTooLarge(Invalid):
    """The order's total is more than a JSON number holds exactly."""

    code = "amount_too_large"
    title = "The total is too large"

    def __init__(self) -> None:
        detail = f"The lines cost more than {MAX_SAFE_INTEGER} together."
        super().__init__(errors=[FieldError("/lines", "max", detail)])


class UnknownDiscountCode(Invalid):
    """The shop gives no discount for the code."""

    code = "unknown_discount_code"
    title = "There is no such discount code"

    def __init__(self) -> None:
        unknown = FieldError("/discount_codes/0", "unknown", self.title)
        super().__init__(errors=[unknown])


class UnknownShippingMethod(Invalid):
    """The shop does not send things in this way."""

    code = "unknown_shipping_method"
    title = "There is no such shipping method"

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/shipping_method", "unknown", self.title)])


class EmailRequired(Invalid):
    """Nobody would know whom to write to: neither the order nor the caller has an e-mail."""

    def __init__(self) -> None:
        missing = FieldError("/email", "required", "Missing data for required field.")
        super().__init__(errors=[missing])


class EmailNotYours(Invalid):
    """The caller has an address that is proved to be theirs, and the order names another."""

    def __init__(self) -> None:
        another = FieldError("/email", "not_yours", "Not the address of your account.")
        super().__init__(errors=[another])


class InvalidTransition(Conflict):
    """The order's state does not allow this change."""

    code = "invalid_transition"
    title = "The order's state does not allow this"


class OrderNotPayable(Conflict):
    """The order is paid, closed, or no longer holds its units."""

    code = "order_not_payable"
    title = "The order cannot be paid"


class PaymentInProgress(Conflict):
    """Another payment of the order is not finished."""

    code = "payment_in_progress"
    title = "Another payment of this order is not finished"
