"""Rows that lists read: written where a product, its prices or the tree of categories change."""

from uuid import UUID

import sqlalchemy as sa

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


def refresh_listings(*product_ids: UUID) -> None:
    """Rewrite all rows of products that lists read, after a change of them or their categories."""
    session.flush()
    _rewrite_categories(
        CategoryListing.product_id.in_(product_ids), ProductCategory.product_id.in_(product_ids)
    )
    refresh_price_ranges(*product_ids)


def refresh_price_ranges(*product_ids: UUID) -> None:
    """Rewrite the price ranges of products, after a change of their variants or prices."""
    session.flush()
    session.execute(_delete(PriceRange, PriceRange.product_id.in_(product_ids)))
    # No third table to join: without statistics, PostgreSQL would compare all rows with all.
    status = sa.select(Product.status).where(Product.id == Variant.product_id)
    ranges = (
        sa.select(
            Variant.product_id,
            Price.currency,
            status.correlate(Variant).scalar_subquery(),
            sa.func.min(Price.unit_amount),
            sa.func.max(Price.unit_amount),
        )
        .join(Price, Price.variant_id == Variant.id)
        .where(Variant.product_id.in_(product_ids), Variant.status == "active")
        .group_by(Variant.product_id, Price.currency)
    )
    names = ["product_id", "currency", "status", "min_amount", "max_amount"]
    session.execute(sa.insert(PriceRange).from_select(names, ranges))
    _rewrite_prices(
        CategoryPrice.product_id.in_(product_ids), CategoryListing.product_id.in_(product_ids)
    )


def refresh_categories_above(category_id: UUID) -> None:
    """Rewrite which other categories list the products of a category, after it moved or emptied.

    Args:
        category_id: Id of the category; its own rows stay, and say which products are meant.
    """
    session.flush()
    # An alias: the rows of this category select the rows of the others.
    inside = sa.alias(CategoryListing.__table__)
    ids = sa.select(inside.c.product_id).where(inside.c.category_id == category_id)
    listed = sa.and_(
        CategoryListing.product_id.in_(ids), CategoryListing.category_id != category_id
    )
    _rewrite_categories(listed, ProductCategory.product_id.in_(ids), but=category_id)
    _rewrite_prices(CategoryPrice.product_id.in_(ids), CategoryListing.product_id.in_(ids))


def _rewrite_categories(
    listed: sa.ColumnElement[bool], linked: sa.ColumnElement[bool], *, but: UUID | None = None
) -> None:
    """Replace the rows *listed* by those that follow from the links *linked*."""
    session.execute(_delete(CategoryListing, listed))
    above = _categories_above(linked)
    names = ["category_id", "product_id", "status", "created_at", "name"]
    rows = (
        sa.select(above.c.category_id, Product.id, Product.status, Product.created_at, Product.name)
        .join(Product, Product.id == above.c.product_id)
        .where(sa.true() if but is None else above.c.category_id != but)
    )
    session.execute(sa.insert(CategoryListing).from_select(names, rows))


def _rewrite_prices(priced: sa.ColumnElement[bool], listed: sa.ColumnElement[bool]) -> None:
    """Replace the rows *priced* by the price ranges of the products in the rows *listed*."""
    session.execute(_delete(CategoryPrice, priced))
    names = ["category_id", "product_id", "currency", "status", "min_amount", "max_amount"]
    rows = (
        sa.select(
            CategoryListing.category_id,
            PriceRange.product_id,
            PriceRange.currency,
            PriceRange.status,
            PriceRange.min_amount,
            PriceRange.max_amount,
        )
        .join(PriceRange, PriceRange.product_id == CategoryListing.product_id)
        .where(listed)
    )
    session.execute(sa.insert(CategoryPrice).from_select(names, rows))


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
