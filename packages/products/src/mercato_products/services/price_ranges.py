"""Price ranges of products, stored so that lists can filter and sort by price."""

from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_products.models import Price, PriceRange, Variant


def refresh_price_ranges(product_id: UUID) -> None:
    """Recompute the price ranges of a product after a change of its variants or prices."""
    session.flush()
    session.execute(sa.delete(PriceRange).where(PriceRange.product_id == product_id))
    ranges = (
        sa.select(
            Variant.product_id,
            Price.currency,
            sa.func.min(Price.unit_amount),
            sa.func.max(Price.unit_amount),
        )
        .join(Price, Price.variant_id == Variant.id)
        .where(Variant.product_id == product_id, Variant.status == "active")
        .group_by(Variant.product_id, Price.currency)
    )
    session.execute(
        sa.insert(PriceRange).from_select(
            ["product_id", "currency", "min_amount", "max_amount"], ranges
        )
    )
