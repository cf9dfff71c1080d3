"""Versions: whoever changes a part of a product raises the version of the whole."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from mercato_kit.db import locked
from mercato_kit.db import session
from mercato_kit.db import utc_now
from mercato_kit.errors import NotFound
from mercato_kit.errors import StaleVersion
from mercato_products.models import Category
from mercato_products.models import Product
from mercato_products.models import ProductCategory
from mercato_products.models import Variant


def lock_product(product_id: UUID) -> Product:
    """Return a product that nobody else changes until the unit of work ends.

    Every change of a product or a part of it starts here, so two of them wait for each other.

    Raises:
        NotFound: There is none.
    """
    product = session.scalar(
        locked(sa.select(Product).where(Product.id == product_id)).execution_options(
            populate_existing=True
        )
    )
    if product is None:
        raise NotFound
    return product


def check_version(row: Product | Variant | Category, version: int) -> None:
    """Refuse a change by somebody who read another version of *row*.

    Raises:
        StaleVersion: It changed since.
    """
    if row.version != version:
        raise StaleVersion


def touch(row: Product | Variant) -> None:
    """Raise the version of *row*, though no column of its own changes."""
    row.updated_at = utc_now()
    flag_modified(row, "updated_at")


def lock_products_in(category_id: UUID) -> None:
    """Lock every product that stands in a category, in the order of their ids."""
    inside = sa.select(Product.id).where(_stands_in(category_id))
    session.execute(locked(inside.order_by(Product.id)))


def touch_products_in(category_id: UUID) -> None:
    """Raise the version of every product that stands in a category, in one statement."""
    session.execute(
        sa.update(Product)
        .where(_stands_in(category_id))
        .values(version=Product.version + 1, updated_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def _stands_in(category_id: UUID) -> sa.ColumnElement[bool]:
    links = sa.select(ProductCategory.product_id).where(ProductCategory.category_id == category_id)
    return Product.id.in_(links)
