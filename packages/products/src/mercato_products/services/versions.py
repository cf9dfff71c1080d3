"""Versions: a change of a part of a product increases the version of the product."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import found, locked, refreshed, session, utc_now
from mercato_products.models import Product


def lock_product(product_id: UUID) -> Product:
    """Lock a product until the unit of work ends, and return it.

    Every change of a product or its parts starts here, so that concurrent changes wait for each
    other.

    Raises:
        NotFound: It does not exist.
    """
    statement = sa.select(Product).where(Product.id == product_id)
    return found(session.scalar(refreshed(locked(statement))))


def touch_all(product_ids: Collection[UUID]) -> None:
    """Increase the version of locked products."""
    session.execute(
        sa.update(Product)
        .where(Product.id.in_(product_ids))
        .values(version=Product.version + 1, updated_at=utc_now())
        .execution_options(synchronize_session=False)
    )
