"""Problems of carts."""

from collections.abc import Mapping
from typing import Any, ClassVar

from mercato_kit.errors import Conflict


class CartClosed(Conflict):
    """The cart was ordered, or merged into another one."""

    code = "cart_closed"
    title = "The cart is not open"


class CartEmpty(Conflict):
    """The cart has no lines."""

    code = "cart_empty"
    title = "The cart is empty"


class CartFull(Conflict):
    """The cart has as many lines or units as an order can have."""

    code = "cart_full"
    title = "The cart cannot take more"


class VariantUnavailable(Conflict):
    """The variant does not exist, is not for sale, or has no price in the cart's currency."""

    code = "variant_unavailable"
    title = "The item is not available"


class CheckoutRefused(Conflict):
    """The order was refused; ``reason`` is the code of the problem of ``POST /v1/orders``."""

    code = "checkout_refused"
    title = "The cart cannot be ordered as it is"
    member_schemas: ClassVar = {
        "reason": {"type": "string", "description": "Code of the problem of `POST /v1/orders`"},
        "details": {"type": "object", "description": "Further members of that problem"},
    }

    def __init__(self, reason: str, details: Mapping[str, Any]) -> None:
        super().__init__(reason=reason, details=dict(details))
