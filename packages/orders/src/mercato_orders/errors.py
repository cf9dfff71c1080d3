"""Problems of orders."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import ClassVar, get_args
from uuid import UUID

from mercato_contracts import discounts
from mercato_contracts.stock import Shortage
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.errors import Conflict, FieldError, Invalid, Problem, Unavailable

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
_REFUSAL = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "description": "The discount code"},
        "reason": {"type": "string", "description": "Why it does not apply, for programs"},
        "detail": {"type": "string", "description": "Why it does not apply, for customers"},
    },
    "required": ["code", "reason", "detail"],
}


class LinkExpired(Problem):
    """The token of a mailed link is unknown or expired, or what it is about was erased."""

    status = 410
    code = "link_expired"
    title = "The link is no longer valid"


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
    """Some variants have too few units; nothing was reserved or sent.

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


class NotArrived(InsufficientStock):
    """The payment was captured, but stock keeps the units: they are still to be sent."""

    keeps_answer = True

    def __init__(self) -> None:
        super().__init__(())


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
    """No feature of the shop knows the discount code."""

    code = "unknown_discount_code"
    title = "Unknown discount code"

    def __init__(self, places: Iterable[int]) -> None:
        super().__init__(errors=[code_error(place, "unknown", self.title) for place in places])


class DiscountNotApplicable(Invalid):
    """The discount code exists, and does not apply; ``reason`` is why the first one does not."""

    code = "discount_not_applicable"
    title = "The discount code does not apply"
    member_schemas: ClassVar = {
        "reason": {
            "type": "string",
            "enum": list(get_args(discounts.Reason)),
            "description": "Why the first of the codes does not apply",
        }
    }

    def __init__(self, refusals: Mapping[int, discounts.Refusal]) -> None:
        super().__init__(
            errors=[
                code_error(place, "not_applicable", refusals[place].detail)
                for place in sorted(refusals)
            ],
            reason=refusals[min(refusals)].reason,
        )


class DiscountGone(Conflict):
    """The last use of a discount went to another order meanwhile."""

    code = "discount_gone"
    title = "A discount is no longer available"
    member_schemas: ClassVar = {
        "refusals": {"type": "array", "items": _REFUSAL, "description": "The codes, and why"}
    }

    def __init__(self, refusals: Iterable[discounts.Refusal]) -> None:
        super().__init__(refusals=[asdict(refusal) for refusal in refusals])


class UnknownShippingMethod(Invalid):
    """The order cannot be sent by this method."""

    code = "unknown_shipping_method"
    title = "Unknown shipping method"

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/shipping_method", "unknown", self.title)])


class NoMethodAvailable(Conflict):
    """No shipping method sends these goods to the address."""

    code = "no_method_available"
    title = "Nothing is sent to this address"


class ProviderFault(Problem):
    """A feature gave an answer that the contract excludes; the log says which."""

    status = 500
    code = "provider_fault"
    title = "A part of the shop gave a wrong answer"


class ProviderUnavailable(Unavailable):
    """A service that the price depends on does not answer; try again later."""

    code = "provider_unavailable"
    title = "A service that the price depends on does not answer"


def code_error(place: int, code: str, detail: str) -> FieldError:
    """Return the error of a discount code of the request."""
    return FieldError(f"/discount_codes/{place}", code, detail)


class InvalidTransition(Conflict):
    """The order's state does not allow this change."""

    code = "invalid_transition"
    title = "The order's state does not allow this change"


class QuantityExceedsRemaining(Conflict):
    """Lines have fewer units left than the request names; ``lines`` are their ids."""

    code = "quantity_exceeds_remaining"
    title = "Fewer units are left"
    member_schemas: ClassVar = {
        "lines": {"type": "array", "items": _ID, "description": "Ids of the lines"}
    }

    def __init__(self, line_ids: Iterable[UUID]) -> None:
        super().__init__(lines=sorted(str(line_id) for line_id in line_ids))


class OrderNotPaid(Conflict):
    """Nothing is sent before the order is paid, or its payment authorized."""

    code = "order_not_paid"
    title = "The order is not paid"


class RefundExceedsCaptured(Conflict):
    """Less is captured and not refunded; ``amount_refundable`` is what is left."""

    code = "refund_exceeds_captured"
    title = "The refund is more than what is left"
    member_schemas: ClassVar = {
        "amount_refundable": {"type": "integer", "description": "What can be refunded"}
    }

    def __init__(self, amount_refundable: int) -> None:
        super().__init__(amount_refundable=amount_refundable)


class OrderNotPayable(Conflict):
    """The order is paid or closed, or its units are no longer reserved."""

    code = "order_not_payable"
    title = "The order cannot be paid"


class BadWebhookSignature(Problem):
    """The webhook is not signed with a secret of this shop, is too old, or is malformed."""

    status = 400
    code = "bad_signature"
    title = "The signature of the webhook is not valid"


class PaymentInProgress(Conflict):
    """Another payment of the order is in progress."""

    code = "payment_in_progress"
    title = "Another payment of this order is in progress"
    member_schemas: ClassVar = {"payment_id": {**_ID, "description": "The other payment"}}

    def __init__(self, payment_id: UUID | None) -> None:
        super().__init__(payment_id=None if payment_id is None else str(payment_id))


class PaymentDeclined(Problem):
    """The provider declined the payment; another one can be started."""

    status = 402
    code = "payment_declined"
    title = "The payment was declined"
    keeps_answer = True
    member_schemas: ClassVar = {
        "payment_id": {**_ID, "description": "The payment"},
        "error_code": {"type": "string", "description": "Why, as its provider says"},
    }

    def __init__(self, payment_id: UUID, error_code: str | None) -> None:
        super().__init__(payment_id=str(payment_id), error_code=error_code or "declined")
