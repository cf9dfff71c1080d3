"""Whether products are in stock: copied to the rows that lists read.

Stock changes with each order; whether any is left rarely does. A change that runs a variant out of
stock, or brings one back, locks the variant's product, after the levels; then it counts anew, so
that two orders for the last units of two variants see each other.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import locked, session
from mercato_products.availability import is_in_stock
from mercato_products.models import CategoryListing, CategoryPrice, PriceRange, Product, Variant
from mercato_products.services.search import refresh_words

_COPIES = (CategoryListing, PriceRange, CategoryPrice)


def follow_stock(variant_ids: Collection[UUID]) -> None:
    """Update the products of variants that ran out of stock, or are back."""
    if not variant_ids:
        return
    inside = sa.select(Variant.product_id).where(Variant.id.in_(variant_ids))
    products = sa.select(Product.id).where(Product.id.in_(inside)).order_by(Product.id)
    refresh_in_stock(*session.scalars(locked(products)))


def refresh_in_stock(*product_ids: UUID) -> None:
    """Count anew whether locked products are in stock, and update the rows that lists read."""
    if not (changed := write_in_stock(product_ids)):
        return
    for model in _COPIES:
        of_product = sa.select(Product.in_stock).where(Product.id == model.product_id)
        session.execute(
            sa.update(model)
            .where(model.product_id.in_(changed))
            .values(in_stock=of_product.scalar_subquery())
            .execution_options(synchronize_session=False)
        )
    refresh_words(*changed)


def write_in_stock(product_ids: Collection[UUID]) -> Sequence[UUID]:
    """Count anew whether locked products are in stock; return the ids of those that changed."""
    session.flush()
    counted = is_in_stock(Product.id)
    changed = session.scalars(
        sa.update(Product)
        .where(Product.id.in_(product_ids), Product.in_stock != counted)
        # Its version and its time are of what the product shows.
        .values(in_stock=counted, updated_at=Product.updated_at)
        .returning(Product.id)
        .execution_options(synchronize_session=False)
    )
    return changed.all()
