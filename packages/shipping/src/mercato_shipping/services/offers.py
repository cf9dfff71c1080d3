"""The methods for a basket."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from mercato_contracts.baskets import Address, Basket, BasketLine
from mercato_contracts.shipping import Method as Offered
from mercato_kit.lists import any_of
from mercato_kit.reads import Read
from mercato_kit.settings import current_settings
from mercato_shipping.models import Area, Method, Rate
from mercato_shipping.settings import ShippingSettings
from mercato_shipping.values import NewRate

LONGEST_PREFIX = 10
EVERYWHERE = "*"

_NOT_IN_PREFIX = re.compile("[^A-Z0-9]")

# An area without methods is found, too: nothing is sent there, though a larger area has methods.
_RATES = Read(
    sa.select(
        Area.country,
        Area.postal_prefix,
        Method.position,
        Method.code,
        Method.label,
        Method.tax_code,
        Method.days_min,
        Method.days_max,
        Rate.amount,
        Rate.from_amount,
        Rate.up_to_grams,
    )
    .outerjoin_from(Area, Method, Method.zone_id == Area.zone_id)
    .outerjoin(
        Rate, sa.and_(Rate.method_id == Method.id, Rate.currency == sa.bindparam("currency"))
    )
    .where(any_of(Area.country, "countries"), any_of(Area.postal_prefix, "prefixes"))
)


def offer_methods(basket: Basket) -> tuple[Offered, ...]:
    """Return the methods for a basket with their prices; at most one SELECT.

    Returns:
        Empty where nothing is shipped, or not to its address, weight or currency.
    """
    lines = [line for line in basket.lines if line.requires_shipping]
    address = basket.shipping_address
    if not lines or address is None:
        return ()
    amount = sum(line.amount for line in lines)
    grams = _weigh(lines)
    offered = []
    for method, rates in _methods_to(address, basket.currency):
        price = choose_amount(rates, amount, grams)
        if price is not None:
            offered.append(Offered(amount=price, **method))
    return tuple(offered)


def choose_amount(rates: Iterable[NewRate], amount: int, grams: int) -> int | None:
    """Return the price of a method; None if no rate is for the basket.

    Of the rates for its amount and weight, those with the highest ``from_amount`` come first, then
    the one with the lowest ``up_to_grams``.

    Args:
        rates: The rates of the method in the currency.
        amount: Price of the goods after discounts, in minor units.
        grams: Their weight.
    """
    fitting = [
        rate
        for rate in rates
        if rate.from_amount <= amount and (rate.up_to_grams is None or grams <= rate.up_to_grams)
    ]
    return min(fitting, key=_closeness).amount if fitting else None


def _closeness(rate: NewRate) -> tuple[int, float]:
    grams = float("inf") if rate.up_to_grams is None else rate.up_to_grams
    return -rate.from_amount, grams


def _weigh(lines: Iterable[BasketLine]) -> int:
    unknown = current_settings(ShippingSettings).unknown_weight_grams
    return sum(
        line.quantity * (unknown if line.weight_grams is None else line.weight_grams)
        for line in lines
    )


def _methods_to(address: Address, currency: str) -> list[tuple[Mapping[str, Any], list[NewRate]]]:
    """Return the methods of the zone of an address, in order, each with its rates."""
    postal_code = _NOT_IN_PREFIX.sub("", (address.postal_code or "").upper())[:LONGEST_PREFIX]
    prefixes = [postal_code[:end] for end in range(len(postal_code) + 1)]
    rows = _RATES.rows(
        currency=currency, countries=[address.country, EVERYWHERE], prefixes=prefixes
    )
    nearest = max((_nearness(row) for row in rows), default=None)
    found: dict[int, tuple[Mapping[str, Any], list[NewRate]]] = {}
    for row in rows:
        position, code, label, tax_code, days_min, days_max, price, from_amount, grams = row[2:]
        if _nearness(row) != nearest or price is None:
            continue
        method = {
            "code": code,
            "label": label,
            "tax_code": tax_code,
            "days_min": days_min,
            "days_max": days_max,
        }
        rate = NewRate(currency, price, from_amount, grams)
        found.setdefault(position, (method, []))[1].append(rate)
    return [found[position] for position in sorted(found)]


def _nearness(row: tuple[Any, ...]) -> tuple[bool, int]:
    """Return how narrow the area of a row is: its own country, then the longest prefix."""
    country, prefix = row[:2]
    return country != EVERYWHERE, len(prefix)
