"""Whether a voucher applies to a basket: pure functions over values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mercato_contracts.baskets import PPM, Basket, BasketLine
from mercato_contracts.discounts import Reason, Reduction, Refusal

_DETAILS: Mapping[Reason, str] = {
    "not_yet_valid": "This code is not valid yet.",
    "expired": "This code has expired.",
    "used_up": "This code was used up.",
    "used_by_customer": "You have used this code already.",
    "other_customer": "This code belongs to another customer.",
    "sign_in_required": "Sign in to use this code.",
    "minimum_not_reached": "The minimum purchase for this code is not reached.",
    "nothing_eligible": "This code is for other items.",
    "other_currency": "This code is for another currency.",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """A voucher as the query of a quote reads it.

    See :class:`mercato_vouchers.models.Voucher`; *used_by_customer* is the number of uses of the
    customer that count.
    """

    id: UUID
    code: str | None
    name: str
    kind: str
    ppm: int | None
    amounts: Mapping[str, int]
    minimum_amounts: Mapping[str, int]
    at_most_amounts: Mapping[str, int]
    product_ids: list[str]
    category_ids: list[str]
    customer_id: UUID | None
    valid_from: datetime | None
    valid_until: datetime | None
    max_redemptions: int | None
    max_redemptions_per_customer: int | None
    redeemed: int
    combinable: bool
    archived_at: datetime | None
    used_by_customer: int


def judge(rules: Rules, basket: Basket) -> Reduction | Reason:
    """Return the reduction of a voucher, or the first reason why it does not apply."""
    lines = [line for line in basket.lines if _is_eligible(rules, line)]
    reason = (
        _outside_its_time(rules, basket.at)
        or _not_for_customer(rules, basket)
        or _at_its_limit(rules)
        or _not_for_basket(rules, basket.currency, lines)
    )
    return reason or _reduction(rules, basket.currency, lines)


def refusal(code: str, reason: Reason) -> Refusal:
    """Return the refusal of a code, with a sentence for customers."""
    return Refusal(code, reason, _DETAILS[reason])


def _is_eligible(rules: Rules, line: BasketLine) -> bool:
    if not (rules.product_ids or rules.category_ids):
        return True
    if str(line.product_id) in rules.product_ids:
        return True
    return any(str(category_id) in rules.category_ids for category_id in line.category_ids)


def _outside_its_time(rules: Rules, at: datetime) -> Reason | None:
    if rules.archived_at is not None or (rules.valid_until is not None and rules.valid_until <= at):
        return "expired"
    if rules.valid_from is not None and at < rules.valid_from:
        return "not_yet_valid"
    return None


def _not_for_customer(rules: Rules, basket: Basket) -> Reason | None:
    if rules.customer_id in (None, basket.customer.id):
        return None
    return "sign_in_required" if basket.customer.id is None else "other_customer"


def _at_its_limit(rules: Rules) -> Reason | None:
    if rules.max_redemptions is not None and rules.redeemed >= rules.max_redemptions:
        return "used_up"
    each = rules.max_redemptions_per_customer
    return "used_by_customer" if each is not None and rules.used_by_customer >= each else None


def _not_for_basket(rules: Rules, currency: str, lines: list[BasketLine]) -> Reason | None:
    tables = (rules.amounts, rules.minimum_amounts, rules.at_most_amounts)
    if any(table and currency not in table for table in tables):
        return "other_currency"
    if not lines:
        return "nothing_eligible"
    if sum(line.amount_subtotal for line in lines) < rules.minimum_amounts.get(currency, 0):
        return "minimum_not_reached"
    return None


def _reduction(rules: Rules, currency: str, lines: list[BasketLine]) -> Reduction:
    common: dict[str, Any] = {
        "id": str(rules.id),
        "label": rules.name,
        "code": rules.code,
        "at_most": rules.at_most_amounts.get(currency),
        "combinable": rules.combinable,
    }
    if rules.kind == "free_shipping":
        return Reduction(**common, off="shipping", ppm=PPM)
    if rules.product_ids or rules.category_ids:
        common["lines"] = tuple(line.position for line in lines)
    if rules.kind == "percent":
        return Reduction(**common, ppm=rules.ppm)
    return Reduction(**common, amount=rules.amounts[currency])
