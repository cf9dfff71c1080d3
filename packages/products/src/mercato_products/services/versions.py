"""Versions: a change of a part of a product increases the version of the product."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from mercato_kit.db import found, locked, refreshed, session, utc_now
from mercato_products.models import CategoryListing, Product, Variant


def lock_product(product_id: UUID) -> Product:
    """Lock a product until the unit of work ends, and return it.

    Every change of a product or its parts starts here, so that concurrent changes wait for each
    other.

    Raises:
        NotFound: It does not exist.
    """
    statement = sa.select(Product).where(Product.id == product_id)
    return found(session.scalar(refreshed(locked(statement))))


def touch(row: Product | Variant) -> None:
    """Increase the version of *row* although none of its own columns changes."""
    row.updated_at = utc_now()
    flag_modified(row, "updated_at")


def lock_products_in(category_id: UUID) -> None:
    """Lock all products of a category and its subcategories, in the order of their ids."""
    inside = sa.select(Product.id).where(_stands_in(category_id))
    session.execute(locked(inside.order_by(Product.id)))


def touch_products_in(category_id: UUID) -> None:
    """Increase the version of all products of a category and its subcategories."""
    session.execute(
        sa.update(Product)
        .where(_stands_in(category_id))
        .values(version=Product.version + 1, updated_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def _stands_in(category_id: UUID) -> sa.ColumnElement[bool]:
    listed = sa.select(CategoryListing.product_id).where(CategoryListing.category_id == category_id)
    return Product.id.in_(listed)
