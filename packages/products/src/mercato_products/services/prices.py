"""Prices of variants."""

from collections.abc import Container
from uuid import UUID

from mercato_contracts.money import EXPONENTS
from mercato_kit import security
from mercato_kit.db import session, touch
from mercato_kit.errors import NotFound
from mercato_products.models import Price
from mercato_products.services.listings import refresh_price_ranges
from mercato_products.services.variants import lock_variant


def set_price(
    variant_id: UUID,
    currency: str,
    *,
    unit_amount: int,
    compare_at_amount: int | None,
    versions: Container[int],
) -> Price:
    """Set the price of a variant in one currency.

    Args:
        variant_id: Id of the variant.
        currency: ISO 4217 code.
        unit_amount: Minor units.
        compare_at_amount: The former price in minor units, or None.
        versions: The versions of the variant that the caller accepts.

    Raises:
        NotFound: The variant or the currency does not exist.
        StaleVersion: The variant has changed since.
    """
    if currency not in EXPONENTS:
        raise NotFound
    variant = lock_variant(variant_id, versions=versions)
    price = session.get(Price, (variant_id, currency))
    if price is None:
        price = Price(currency=currency)
        session.add(price)
    price.variant = variant
    security.record(
        "price_changed",
        variant_id=variant_id,
        currency=currency,
        before=price.unit_amount,
        after=unit_amount,
    )
    price.unit_amount = unit_amount
    price.compare_at_amount = compare_at_amount
    touch(variant)
    touch(variant.product)
    refresh_price_ranges(variant.product_id)
    return price
