"""Lists of products: filtered, sorted and searched."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from mercato_kit.http import PageRequest, paginate
from mercato_kit.settings import current_settings
from mercato_kit.views import Shown
from mercato_products.availability import is_in_stock
from mercato_products.models import Category, CategoryListing, PriceRange, Product, SearchText
from mercato_products.services.search import MOST_FOUND, find_words
from mercato_products.settings import ProductsSettings
from mercato_products.values import ProductFilter
from mercato_products.views import PRODUCTS

Values = Mapping[str, Any]


def list_products(page: PageRequest, filters: ProductFilter, *, hidden_too: bool) -> Shown:
    """Return a page of products.

    Args:
        page: The page requested.
        filters: Which products to return.
        hidden_too: Include products that are not for sale.
    """
    if filters.status is not None and not hidden_too:
        # Others than active products do not exist for the public.
        ids = filters.ids if "active" in filters.status else []
        filters = replace(filters, status=None, ids=ids)
    shown: dict[str, Any] = {
        "for_sale": not hidden_too,
        "usual_currency": current_settings(ProductsSettings).default_currency,
    }
    if filters.currency is not None:
        shown["currency"] = filters.currency
    if filters.q is not None:
        return _search(page, filters, shown, hidden_too=hidden_too)
    return PRODUCTS.page(page, **shown, **_values(page, filters, hidden_too=hidden_too))


def _values(page: PageRequest, filters: ProductFilter, *, hidden_too: bool) -> Values:
    """Return the values of the view's filters, for the rows that have the sort column in order."""
    by_price = page.sort.removeprefix("-") == "price"
    values: dict[str, Any] = {name: getattr(filters, name) for name in ("ids", "status")}
    values |= {"in_stock": filters.in_stock, "sold_out": filters.in_stock is False}
    if by_price and filters.category is not None:
        values["category_price"] = _category(filters) | {"currency": filters.currency}
        values |= _bounds(filters, "category_") | {"category_price_for_sale": not hidden_too}
        return _given(values)
    if filters.category is not None:
        values |= {"category": _category(filters), "category_for_sale": not hidden_too}
    if by_price or _has_bounds(filters):
        values |= _bounds(filters) | {"price": filters.currency}
        values["price_for_sale"] = by_price and not hidden_too
    return _given(values)


def _given(values: Values) -> Values:
    return {name: value for name, value in values.items() if value is not None}


def _bounds(filters: ProductFilter, prefix: str = "") -> dict[str, Any]:
    return {
        f"{prefix}price_gte": filters.price_gte,
        f"{prefix}price_lte": filters.price_lte,
    }


def _has_bounds(filters: ProductFilter) -> bool:
    return filters.price_gte is not None or filters.price_lte is not None


def _category(filters: ProductFilter) -> dict[str, Any]:
    """Return the parameters of a category, which is given by its id or handle."""
    try:
        return {"category_id": UUID(filters.category or ""), "category_handle": None}
    except ValueError:
        return {"category_id": None, "category_handle": filters.category}


def _search(page: PageRequest, filters: ProductFilter, shown: Values, *, hidden_too: bool) -> Shown:
    """Return a page of the products that a search finds: which ones, then what is shown of them."""
    found = find_words(filters.q or "", _conditions(filters), hidden_too=hidden_too)
    id_, sort = found.c.product_id, page.sort.removeprefix("-")
    column = found.c.relevance if sort == "relevance" else _sort_value(sort, id_, filters)
    wanted = sa.select(id_).where(column.is_not(None))
    ids = paginate(wanted, page, columns={sort: column}, id=id_)
    listed = PRODUCTS.page(PageRequest("created_at", limit=page.limit), ids=ids.data, **shown)
    products = dict(map(_identified, listed.content["data"]))
    content: dict[str, Any] = {
        "data": [products[key] for key in map(str, ids.data) if key in products],
        "has_more": ids.has_more,
        "next_cursor": ids.next_cursor,
    }
    if ids.total is not None:
        content |= {"total": ids.total, "total_is_exact": ids.total < MOST_FOUND}
    return Shown(content)


class _Identity(msgspec.Struct):
    id: str


def _identified(item: Any) -> tuple[str, msgspec.Raw]:
    """Return the id of an item, and the item as JSON."""
    text = msgspec.json.encode(item)
    return msgspec.json.decode(text, type=_Identity).id, msgspec.Raw(text)


def _sort_value(sort: str, product_id: Any, filters: ProductFilter) -> Any:
    """Select what the products found are sorted by, one at a time: a join would read all."""
    if sort == "price":
        ours = PriceRange.product_id == product_id, PriceRange.currency == filters.currency
        return sa.select(PriceRange.min_amount).where(*ours).scalar_subquery()
    return sa.select(getattr(Product, sort)).where(Product.id == product_id).scalar_subquery()


def _conditions(filters: ProductFilter) -> Iterator[sa.ColumnElement[Any]]:
    """Return the conditions of filters, on SearchText."""
    product_id = SearchText.product_id
    if filters.status is not None:
        yield SearchText.status.in_(filters.status)
    if filters.ids is not None:
        yield product_id.in_(filters.ids)
    if filters.in_stock is not None:
        yield is_in_stock(product_id) if filters.in_stock else ~is_in_stock(product_id)
    if filters.category is not None:
        category = sa.select(Category.id).where(_is_category(filters.category)).scalar_subquery()
        yield sa.exists().where(
            CategoryListing.product_id == product_id, CategoryListing.category_id == category
        )
    if _has_bounds(filters):
        yield sa.exists().where(PriceRange.product_id == product_id, *_price_conditions(filters))


def _is_category(key: str) -> sa.ColumnElement[bool]:
    try:
        return Category.id == UUID(key)
    except ValueError:
        return Category.handle == key


def _price_conditions(filters: ProductFilter) -> Iterator[sa.ColumnElement[bool]]:
    yield PriceRange.currency == filters.currency
    if filters.price_gte is not None:
        yield PriceRange.min_amount >= filters.price_gte
    if filters.price_lte is not None:
        yield PriceRange.min_amount <= filters.price_lte
