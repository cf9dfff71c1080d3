"""Plain values for services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NewVoucher:
    """A voucher to create; see :class:`mercato_vouchers.models.Voucher`.

    Args:
        name: Label for customers.
        kind: ``percent``, ``amount`` or ``free_shipping``.
        code: The code, see :func:`mercato_kit.text.canonical_code`; None for an automatic discount.
        ppm: For ``percent``.
        amounts: Minor units by currency, for ``amount``.
        minimum_amounts: Minor units by currency.
        at_most_amounts: Minor units by currency.
        product_ids: Eligible products; these and *category_ids* empty for all.
        category_ids: Categories whose products are eligible.
        customer_id: The only customer who may use it.
        valid_from: When it begins.
        valid_until: When it ends.
        max_redemptions: Uses, at most.
        max_redemptions_per_customer: Uses of one customer, at most.
        combinable: Whether it applies beside others.
        metadata_: The client's key-value pairs.
    """

    name: str
    kind: str
    code: str | None = None
    ppm: int | None = None
    amounts: Mapping[str, int] = field(default_factory=dict)
    minimum_amounts: Mapping[str, int] = field(default_factory=dict)
    at_most_amounts: Mapping[str, int] = field(default_factory=dict)
    product_ids: list[str] = field(default_factory=list)
    category_ids: list[str] = field(default_factory=list)
    customer_id: UUID | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    max_redemptions: int | None = None
    max_redemptions_per_customer: int | None = None
    combinable: bool = True
    metadata_: Mapping[str, Any] = field(default_factory=dict)
