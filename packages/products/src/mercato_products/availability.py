"""Availability of variants and products in SQL, consistent with ``Variant.stock``."""

from typing import Any

import sqlalchemy as sa

from mercato_kit.views import JsonObject
from mercato_products.models import DEFAULT_LOCATION_ID, Product, StockLevel, Variant

_WORDS = {2: "in_stock", 1: "back_order"}

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


def _best(product_id: Any) -> Any:
    """Select the best rank of a product's active variants, 0 without any."""
    # No EXISTS: PostgreSQL would join all variants of the shop.
    return (
        sa.select(sa.func.coalesce(sa.func.max(_RANK), 0))
        .select_from(Variant)
        .outerjoin(StockLevel, AT_DEFAULT_LOCATION)
        .where(Variant.product_id == product_id, Variant.status == "active")
        .correlate(product_id.table)
        .scalar_subquery()
    )


AVAILABILITY = sa.case(
    (Product.status == "archived", "discontinued"),
    else_=sa.case(_WORDS, value=_best(Product.id), else_="out_of_stock"),
)
"""The best availability of a product's active variants."""

SHOWN_AVAILABILITY = sa.case(
    (
        sa.and_(
            sa.bindparam("variant_status", type_=Variant.status.type).is_(None),
            Product.variants.any(),
            ~Product.variants.any(Variant.status == "active"),
        ),
        "discontinued",
    ),
    else_=AVAILABILITY,
)
"""The same, if archived variants are shown too: a product with only these is discontinued."""


def _of_level(value: Any) -> Any:
    """Select a value of the level of a variant at the default location."""
    return sa.select(value).where(AT_DEFAULT_LOCATION).correlate(Variant).scalar_subquery()


_UNITS = sa.func.coalesce(_of_level(StockLevel.available), 0)

VARIANT_STOCK = JsonObject(
    [
        (
            "availability",
            sa.case(
                (Variant.status == "archived", "discontinued"),
                (Variant.track_inventory.is_(False), "in_stock"),
                (_UNITS <= 0, "out_of_stock"),
                (_of_level(StockLevel.on_hand > StockLevel.reserved), "in_stock"),
                else_="back_order",
            ),
        ),
        (
            "available",
            sa.case(
                (Variant.status == "archived", 0),
                (Variant.track_inventory.is_(False), None),
                (_UNITS > 0, _UNITS),
                else_=0,
            ),
        ),
    ]
)
"""``Variant.stock`` in SQL."""


def is_in_stock(product_id: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a product has unreserved units on hand, or needs none.

    Args:
        product_id: The column with the id of the product.
    """
    condition: sa.ColumnElement[bool] = _best(product_id) == 2
    return condition
