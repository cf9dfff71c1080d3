"""Plain values for services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from mercato_contracts.baskets import Address
from mercato_contracts.orders import OrderLine, QuotedMethod, Totals

MAX_LINES = 100
"""Lines of an order, at most."""

MAX_CODES = 10
"""Discount codes of a cart, at most."""

MAX_QUANTITY = 999
"""Units of one variant in an order, at most."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a cart is to be sent and billed, for its price.

    See :class:`mercato_contracts.orders.Wanted`.
    """

    email: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    shipping_method: str | None = None
    tax_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout(Wishes):
    """What is needed to order a cart, beside its lines and codes.

    Args:
        expected_amount_total: The total that the customer saw.
        note: The customer's note.
        metadata: The client's key-value pairs.
    """

    expected_amount_total: int
    note: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnteredCode:
    """A discount code of a cart.

    Args:
        code: As it was entered.
        applies: Whether it is in the price.
        reason: Why it does not apply, for programs.
        detail: Why it does not apply, for customers.
    """

    code: str
    applies: bool
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is different since a line was added or changed last.

    Args:
        code: ``price_changed``, ``unavailable`` or ``insufficient_stock``.
        variant_id: The variant of the line.
        before: The unit amount then, for ``price_changed``.
        after: The unit amount now.
    """

    code: str
    variant_id: UUID
    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a cart. *price* is None if it cannot be bought now."""

    variant_id: UUID
    product_id: UUID
    sku: str
    name: str
    variant_name: str
    image_url: str | None
    quantity: int
    price: OrderLine | None


@dataclass(frozen=True, slots=True)
class ShownCart:
    """A cart with its price now.

    Args:
        id: Id of the cart.
        status: State of the cart.
        currency: ISO 4217 code.
        customer_id: The account; None for a guest.
        order_id: The order that was placed from it.
        lines: The lines, those that cannot be bought included.
        codes: The discount codes, those that do not apply included.
        changes: What is different since lines were added or changed.
        totals: The sums; None if nothing can be bought.
        shipping_methods: The methods that can be chosen, if the address is known.
        warnings: Further warnings of the price.
        refusal: Why there is no price; None if there is, or the cart is empty.
        valid_until: Prices may change afterwards.
        created_at: When it was opened.
        updated_at: When it was changed.
        expires_at: When it is deleted unless it changes.
        access_token: The secret of a guest's cart that was just opened.
    """

    id: UUID
    status: str
    currency: str
    customer_id: UUID | None
    order_id: UUID | None
    lines: tuple[ShownLine, ...]
    codes: tuple[EnteredCode, ...]
    changes: tuple[Change, ...]
    totals: Totals | None
    shipping_methods: tuple[QuotedMethod, ...]
    warnings: tuple[Mapping[str, Any], ...]
    refusal: str | None
    valid_until: datetime | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    access_token: str | None = None
