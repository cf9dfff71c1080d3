"""Lists of products: filtered, sorted, with four statements per page."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import defer

from mercato_kit.db import session
from mercato_kit.http import Page, PageRequest, paginate
from mercato_kit.settings import current_settings
from mercato_products.models import Category, Medium, PriceRange, Product, ProductCategory, Variant
from mercato_products.services.availability import find_availabilities, is_in_stock
from mercato_products.settings import ProductsSettings
from mercato_products.values import ProductFilter


@dataclass(frozen=True, slots=True)
class ProductSummary:
    """A product in a list. ``price_range`` is None if it has no price."""

    id: UUID
    handle: str
    name: str
    brand: str | None
    status: str
    image_url: str | None
    price_range: PriceRange | None
    availability: str
    created_at: datetime
    updated_at: datetime


def list_products(
    page: PageRequest, filters: ProductFilter, *, hidden_too: bool
) -> Page[ProductSummary]:
    """Return a page of products.

    Args:
        page: The page requested.
        filters: Which products to return.
        hidden_too: Include products that are not for sale.
    """
    wanted = sa.select(Product).where(*_conditions(filters, hidden_too=hidden_too))
    wanted = wanted.options(defer(Product.description, raiseload=True))
    if not hidden_too:
        wanted = wanted.where(Product.status == "active")
    if filters.currency is not None and _is_about_price(page, filters):
        wanted = wanted.join(PriceRange, PriceRange.product_id == Product.id).where(
            *_price_conditions(filters)
        )
    columns = {
        "name": Product.name,
        "created_at": Product.created_at,
        "price": PriceRange.min_amount,
    }
    found = paginate(wanted, page, columns=columns, id=Product.id)
    return replace(found, data=_summarise(found.data, filters.currency))


def _conditions(filters: ProductFilter, *, hidden_too: bool) -> Iterator[sa.ColumnElement[Any]]:
    for word in (filters.q or "").split():
        yield _mentions(word, hidden_too=hidden_too)
    if filters.category is not None:
        yield Product.id.in_(_inside(filters.category))
    if filters.status is not None:
        yield Product.status.in_(filters.status)
    if filters.ids is not None:
        yield Product.id.in_(filters.ids)
    if filters.in_stock is not None:
        yield is_in_stock() if filters.in_stock else ~is_in_stock()


def _mentions(word: str, *, hidden_too: bool) -> sa.ColumnElement[Any]:
    skus = sa.select(Variant.product_id).where(Variant.sku.icontains(word, autoescape=True))
    if not hidden_too:
        skus = skus.where(Variant.status == "active")
    return sa.or_(
        Product.name.icontains(word, autoescape=True),
        Product.brand.icontains(word, autoescape=True),
        Product.description.icontains(word, autoescape=True),
        Product.id.in_(skus),
    )


def _inside(category: str) -> sa.Select[UUID]:
    """Select the products of a category (handle or id) and of its subcategories."""
    top = sa.select(Category.path).where(_is_category(category)).scalar_subquery()
    return (
        sa.select(ProductCategory.product_id)
        .join(Category, Category.id == ProductCategory.category_id)
        .where(Category.path.like(top.concat("%")))
    )


def _is_category(key: str) -> sa.ColumnElement[bool]:
    try:
        return Category.id == UUID(key)
    except ValueError:
        return Category.handle == key


def _is_about_price(page: PageRequest, filters: ProductFilter) -> bool:
    bounded = filters.price_gte is not None or filters.price_lte is not None
    return bounded or page.sort.removeprefix("-") == "price"


def _price_conditions(filters: ProductFilter) -> Iterator[sa.ColumnElement[bool]]:
    yield PriceRange.currency == filters.currency
    if filters.price_gte is not None:
        yield PriceRange.max_amount >= filters.price_gte
    if filters.price_lte is not None:
        yield PriceRange.min_amount <= filters.price_lte


def _summarise(products: Collection[Product], currency: str | None) -> list[ProductSummary]:
    if not products:
        return []
    ids = [product.id for product in products]
    images = _find_images(ids)
    ranges = _find_price_ranges(ids, currency)
    availabilities = find_availabilities(products)
    return [
        ProductSummary(
            id=product.id,
            handle=product.handle,
            name=product.name,
            brand=product.brand,
            status=product.status,
            image_url=images.get(product.id),
            price_range=ranges.get(product.id),
            availability=availabilities[product.id],
            created_at=product.created_at,
            updated_at=product.updated_at,
        )
        for product in products
    ]


def _find_images(product_ids: Collection[UUID]) -> Mapping[UUID, str]:
    first = sa.select(Medium.product_id, Medium.url).where(
        Medium.product_id.in_(product_ids), Medium.position == 0
    )
    return dict(session.execute(first).all())


def _find_price_ranges(
    product_ids: Collection[UUID], currency: str | None
) -> Mapping[UUID, PriceRange]:
    """Return a price range per product: in *currency*, else the default currency, else any."""
    wanted = sa.select(PriceRange).where(PriceRange.product_id.in_(product_ids))
    if currency is not None:
        wanted = wanted.where(PriceRange.currency == currency)
    usual = current_settings(ProductsSettings).default_currency
    best_last = wanted.order_by(PriceRange.currency == usual, PriceRange.currency.desc())
    return {price_range.product_id: price_range for price_range in session.scalars(best_last)}
