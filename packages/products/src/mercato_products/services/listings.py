"""Rows that lists read: written where a product, its prices or the tree of categories change."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm

from mercato_kit.db import session
from mercato_products.models import (
    Base,
    Category,
    CategoryListing,
    CategoryPrice,
    Price,
    PriceRange,
    Product,
    ProductCategory,
    Variant,
)
from mercato_products.services.in_stock import write_in_stock


def refresh_listings(*product_ids: UUID) -> None:
    """Rewrite all rows of products that lists read, after a change of them or their categories."""
    write_in_stock(product_ids)
    _rewrite_categories(
        CategoryListing.product_id.in_(product_ids), ProductCategory.product_id.in_(product_ids)
    )
    refresh_price_ranges(*product_ids)


def refresh_price_ranges(*product_ids: UUID) -> None:
    """Rewrite the price ranges of products, after a change of their variants or prices."""
    session.flush()
    _publish_variants(product_ids)
    session.execute(_delete(PriceRange, PriceRange.product_id.in_(product_ids)))
    ranges = (
        sa.select(
            Variant.product_id,
            Price.currency,
            _of_product(Product.status),
            _of_product(Product.in_stock),
            sa.func.min(Price.unit_amount),
            sa.func.max(Price.unit_amount),
        )
        .join(Price, Price.variant_id == Variant.id)
        .where(Variant.product_id.in_(product_ids), Variant.status == "active")
        .group_by(Variant.product_id, Price.currency)
    )
    names = ["product_id", "currency", "status", "in_stock", "min_amount", "max_amount"]
    session.execute(sa.insert(PriceRange).from_select(names, ranges))
    _rewrite_prices(
        CategoryPrice.product_id.in_(product_ids), CategoryListing.product_id.in_(product_ids)
    )


def _publish_variants(product_ids: Collection[UUID]) -> None:
    """Write whether variants are for sale, after a change of them or their products."""
    is_for_sale = sa.and_(Variant.status == "active", _of_product(Product.status) == "active")
    session.execute(
        sa.update(Variant)
        .where(Variant.product_id.in_(product_ids), Variant.is_for_sale != is_for_sale)
        # Its time is of what the variant shows.
        .values(is_for_sale=is_for_sale, updated_at=Variant.updated_at)
        .execution_options(synchronize_session=False)
    )


def _rewrite_categories(listed: sa.ColumnElement[bool], linked: sa.ColumnElement[bool]) -> None:
    """Replace the rows *listed* by those that follow from the links *linked*."""
    session.execute(_delete(CategoryListing, listed))
    above = _categories_above(linked)
    names = ["category_id", "product_id", "status", "in_stock", "created_at", "name_key"]
    copied = (Product.id, Product.status, Product.in_stock, Product.created_at, Product.name_key)
    rows = sa.select(above.c.category_id, *copied).join(Product, Product.id == above.c.product_id)
    session.execute(sa.insert(CategoryListing).from_select(names, rows))


def _rewrite_prices(priced: sa.ColumnElement[bool], listed: sa.ColumnElement[bool]) -> None:
    """Replace the rows *priced* by the price ranges of the products in the rows *listed*."""
    session.execute(_delete(CategoryPrice, priced))
    copied = ["product_id", "currency", "status", "in_stock", "min_amount", "max_amount"]
    names = ["category_id", *copied]
    rows = (
        sa.select(CategoryListing.category_id, *(getattr(PriceRange, name) for name in copied))
        .join(PriceRange, PriceRange.product_id == CategoryListing.product_id)
        .where(listed)
    )
    session.execute(sa.insert(CategoryPrice).from_select(names, rows))


def _of_product(column: sa.orm.InstrumentedAttribute[Any]) -> sa.ScalarSelect[Any]:
    # No third table to join: without statistics, PostgreSQL would compare all rows with all.
    of_variant = sa.select(column).where(Product.id == Variant.product_id)
    return of_variant.correlate(Variant).scalar_subquery()


def _delete(model: type[Base], condition: sa.ColumnElement[bool]) -> sa.Delete:
    return sa.delete(model).where(condition).execution_options(synchronize_session=False)


def _categories_above(linked: sa.ColumnElement[bool]) -> sa.CTE:
    """Return each product with its categories and all categories above them, each once."""
    links = sa.select(ProductCategory.category_id, ProductCategory.product_id).where(linked)
    above = links.cte("above", recursive=True)
    parents = (
        sa.select(Category.parent_id, above.c.product_id)
        .join(above, above.c.category_id == Category.id)
        .where(Category.parent_id.is_not(None))
    )
    return above.union(parents)
