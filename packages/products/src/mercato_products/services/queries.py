"""Lists of products: filtered, sorted, with four statements per page."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import defer

from mercato_kit.db import session
from mercato_kit.http import Page, PageRequest, paginate
from mercato_kit.settings import current_settings
from mercato_products.models import (
    Category,
    CategoryListing,
    CategoryPrice,
    Medium,
    PriceRange,
    Product,
    SearchText,
)
from mercato_products.services.availability import find_availabilities, is_in_stock
from mercato_products.services.search import MOST_FOUND, find_words
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
    sort = page.sort.removeprefix("-")
    choose = _list if filters.q is None else _search
    source = choose(filters, sort, hidden_too=hidden_too)
    wanted = source.products.options(defer(Product.description, raiseload=True))
    if not hidden_too:
        wanted = wanted.where(Product.status == "active")
    found = paginate(wanted, page, columns={sort: source.sort}, id=source.id)
    if filters.q is not None and found.total is not None:
        found = replace(found, total_is_exact=found.total < MOST_FOUND)
    return replace(found, data=_summarise(found.data, filters.currency))


class _Source(NamedTuple):
    """The products of a list, and the columns of the index that has them in order."""

    products: sa.Select[Product]
    sort: Any
    id: Any


def _list(filters: ProductFilter, sort: str, *, hidden_too: bool) -> _Source:
    """List products by the rows that have the sort column: theirs, their categories' or prices'."""
    wanted, row_id = sa.select(Product), Product.id
    rows: Any = Product
    prices: Any = PriceRange if filters.category is None else CategoryPrice
    if filters.category is not None and sort != "price":
        wanted = wanted.join(CategoryListing, CategoryListing.product_id == Product.id)
        wanted = wanted.where(_is_inside(CategoryListing, filters.category))
        rows, row_id = CategoryListing, CategoryListing.product_id
    if sort == "price" or _is_about_price(filters):
        wanted = wanted.join(prices, prices.product_id == Product.id)
        wanted = wanted.where(*_price_conditions(prices, filters))
    if sort == "price":
        rows, row_id = prices, prices.product_id
    wanted = wanted.where(*_conditions(filters, rows.status, row_id, hidden_too=hidden_too))
    return _Source(wanted, rows.min_amount if sort == "price" else getattr(rows, sort), row_id)


def _search(filters: ProductFilter, sort: str, *, hidden_too: bool) -> _Source:
    """List the products that a search finds."""
    row_id = SearchText.product_id
    conditions = [
        *_conditions(filters, SearchText.status, row_id, hidden_too=hidden_too),
        *_links(filters, row_id),
    ]
    found = find_words(filters.q or "", conditions, hidden_too=hidden_too)
    wanted = sa.select(Product).join(found, found.c.product_id == Product.id)
    if sort == "price":
        wanted = wanted.join(PriceRange, PriceRange.product_id == Product.id)
        wanted = wanted.where(PriceRange.currency == filters.currency)
        return _Source(wanted, PriceRange.min_amount, Product.id)
    if sort == "relevance":
        return _Source(wanted, found.c.relevance, found.c.product_id)
    return _Source(wanted, getattr(Product, sort), Product.id)


def _conditions(
    filters: ProductFilter, status: Any, product_id: Any, *, hidden_too: bool
) -> Iterator[sa.ColumnElement[Any]]:
    if not hidden_too:
        yield status == "active"
    if filters.status is not None:
        yield status.in_(filters.status)
    if filters.ids is not None:
        yield product_id.in_(filters.ids)
    if filters.in_stock is not None:
        yield is_in_stock(product_id) if filters.in_stock else ~is_in_stock(product_id)


def _links(filters: ProductFilter, product_id: Any) -> Iterator[sa.ColumnElement[bool]]:
    """Return the conditions of category and price, for rows that have neither."""
    if filters.category is not None:
        yield sa.exists().where(
            CategoryListing.product_id == product_id,
            _is_inside(CategoryListing, filters.category),
        )
    if filters.currency is not None and _is_about_price(filters):
        yield sa.exists().where(
            PriceRange.product_id == product_id, *_price_conditions(PriceRange, filters)
        )


def _is_inside(
    rows: type[CategoryListing] | type[CategoryPrice], category: str
) -> sa.ColumnElement[bool]:
    """Return the condition that rows are those of a category, by handle or id."""
    wanted = sa.select(Category.id).where(_is_category(category))
    return rows.category_id == wanted.scalar_subquery()


def _is_category(key: str) -> sa.ColumnElement[bool]:
    try:
        return Category.id == UUID(key)
    except ValueError:
        return Category.handle == key


def _is_about_price(filters: ProductFilter) -> bool:
    return filters.price_gte is not None or filters.price_lte is not None


def _price_conditions(prices: Any, filters: ProductFilter) -> Iterator[sa.ColumnElement[bool]]:
    yield prices.currency == filters.currency
    if prices is CategoryPrice and filters.category is not None:
        yield _is_inside(prices, filters.category)
    if filters.price_gte is not None:
        yield prices.max_amount >= filters.price_gte
    if filters.price_lte is not None:
        yield prices.min_amount <= filters.price_lte


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
