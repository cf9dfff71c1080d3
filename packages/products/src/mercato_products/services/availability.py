"""Availability of variants and products in SQL, consistent with ``Variant.stock``."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_products.models import DEFAULT_LOCATION_ID, Product, StockLevel, Variant

_AVAILABILITIES = ("out_of_stock", "back_order", "in_stock")

AT_DEFAULT_LOCATION = sa.and_(
    StockLevel.variant_id == Variant.id, StockLevel.location_id == DEFAULT_LOCATION_ID
)
"""Join condition of a variant and its level at the default location."""

_RANK = sa.case(
    (Variant.track_inventory.is_(False), 2),
    (StockLevel.on_hand > StockLevel.reserved, 2),
    (StockLevel.available > 0, 1),
    else_=0,
)


def find_availabilities(products: Collection[Product]) -> Mapping[UUID, str]:
    """Return the best availability of the active variants of each product, by product id."""
    ids = [product.id for product in products]
    ranks = sa.select(Variant.product_id, sa.func.max(_RANK))
    of_each = (
        ranks.outerjoin(StockLevel, AT_DEFAULT_LOCATION)
        .where(Variant.product_id.in_(ids), Variant.status == "active")
        .group_by(Variant.product_id)
    )
    best: dict[UUID, int] = dict(session.execute(of_each).all())
    return {
        product.id: "discontinued"
        if product.status == "archived"
        else _AVAILABILITIES[best.get(product.id, 0)]
        for product in products
    }


def is_in_stock(product_id: Any) -> sa.ColumnElement[Any]:
    """Return the condition that a product has unreserved units on hand.

    Args:
        product_id: The column with the id of the product.
    """
    ready = (
        sa.select(Variant.id)
        .outerjoin(StockLevel, AT_DEFAULT_LOCATION)
        .where(Variant.product_id == product_id, Variant.status == "active", _RANK == 2)
    )
    return sa.exists(ready.correlate(product_id.table))
