"""Lists that no index has in order: which products, then what is shown of them.

The candidates are read from an index, and are limited; the page is chosen among them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.http import Page, PageRequest, paginate, paginate_merged
from mercato_kit.views import Shown
from mercato_products.models import Category, CategoryListing, CategoryPrice, PriceRange, Product
from mercato_products.services.search import MOST_FOUND, find_words
from mercato_products.values import STATUSES, ProductFilter
from mercato_products.views import PRODUCTS

Values = Mapping[str, Any]

SORT_COLUMNS = {"created_at": "created_at", "name": "name_key"}
"""The columns of products that lists are sorted by; the rows of categories have copies."""


def list_candidates(
    page: PageRequest, filters: ProductFilter, shown: Values, *, hidden_too: bool
) -> Shown:
    """Return a page of the products that a search finds, that cost so much, or of any status.

    Args:
        page: The page requested.
        filters: Which products to return.
        shown: Parameters of what is shown of each.
        hidden_too: Include products that are not for sale.
    """
    if filters.q is not None:
        return _search(page, filters, shown, hidden_too=hidden_too)
    statuses = (filters.status or STATUSES) if hidden_too else ["active"]
    if filters.has_bounds and not sorts_by_price(page):
        return _cheapest(page, filters, shown, statuses)
    return _merged(page, filters, shown, statuses)


def sorts_by_price(page: PageRequest) -> bool:
    """Return whether a page is sorted by price."""
    return page.sort.removeprefix("-") == "price"


def category_key(category: str) -> dict[str, Any]:
    """Return the parameters of a category, which is given by its id or handle."""
    try:
        return {"category_id": UUID(category), "category_handle": None}
    except ValueError:
        return {"category_id": None, "category_handle": category}


def _search(page: PageRequest, filters: ProductFilter, shown: Values, *, hidden_too: bool) -> Shown:
    """Return a page of the products that a search finds; other filters choose among these."""
    category_id = None if filters.category is None else _find_category(filters.category)
    found, of_all = find_words(
        filters.q or "", category_id, in_stock=filters.in_stock, hidden_too=hidden_too
    )
    id_ = found.c.product_id
    by_relevance = page.sort.removeprefix("-") == "relevance"
    column = found.c.relevance if by_relevance else _sort_value(page, id_, filters)
    wanted = sa.select(id_).where(column.is_not(None), *_conditions(filters, id_))
    ids = paginate(wanted, page, columns={page.sort.removeprefix("-"): column}, id=id_)
    return _show(ids, page, shown, most=MOST_FOUND if of_all else 0)


def _find_category(key: str) -> UUID:
    """Return the id of a category; of none that exists if *key* is not known."""
    values = category_key(key)
    column = Category.handle if values["category_id"] is None else Category.id
    known = sa.select(Category.id).where(
        column == (values["category_id"] or key), ~Category.is_removed
    )
    return session.scalar(known) or UUID(int=0)


def _conditions(filters: ProductFilter, product_id: Any) -> Iterator[sa.ColumnElement[bool]]:
    """Return conditions of the products found; each is asked one at a time: a join reads all."""
    if filters.ids is not None:
        yield product_id.in_(filters.ids)
    if filters.status is not None:
        yield _of_product(Product.status, product_id).in_(filters.status)
    if filters.price_gte is not None:
        yield _price_of(product_id, filters) >= filters.price_gte
    if filters.price_lte is not None:
        yield _price_of(product_id, filters) <= filters.price_lte


def _cheapest(
    page: PageRequest, filters: ProductFilter, shown: Values, statuses: Sequence[str]
) -> Shown:
    """Return a page of the cheapest products within bounds of the price, sorted otherwise."""
    statements, key, id_ = _of_each(PageRequest("price"), filters, statuses)
    in_order = (
        one.add_columns(key.label("key")).order_by(key, id_).limit(MOST_FOUND).subquery()
        for one in statements
    )
    rows = sa.union_all(*(sa.select(*one.c) for one in in_order)).subquery()
    cheapest = sa.select(rows).order_by(rows.c.key, rows.c.id).limit(MOST_FOUND).subquery("found")
    wanted, column = sa.select(cheapest.c.id), _sort_value(page, cheapest.c.id, filters)
    name = page.sort.removeprefix("-")
    ids = paginate(wanted, page, columns={name: column}, id=cheapest.c.id)
    return _show(ids, page, shown, most=MOST_FOUND)


def _merged(
    page: PageRequest, filters: ProductFilter, shown: Values, statuses: Sequence[str]
) -> Shown:
    """Return a page of products of several statuses: each is in order, and they are merged."""
    statements, key, id_ = _of_each(page, filters, statuses)
    return _show(paginate_merged(statements, page, column=key, id=id_), page, shown)


def _of_each(
    page: PageRequest, filters: ProductFilter, statuses: Sequence[str]
) -> tuple[list[sa.Select[Any]], Any, Any]:
    """Select the products of each status from the rows that an index has in the order of the page.

    Returns:
        The statements, the sort key, and the id of the product.
    """
    model, key, conditions = _source(page, filters)
    id_ = Product.id if model is Product else model.product_id
    chosen = sa.select(id_.label("id")).where(*conditions)
    if filters.ids is not None:
        chosen = chosen.where(id_.in_(filters.ids))
    if filters.in_stock is not None:
        chosen = chosen.where(model.in_stock == filters.in_stock)
    return [chosen.where(model.status == status) for status in statuses], key, id_


def _source(
    page: PageRequest, filters: ProductFilter
) -> tuple[Any, Any, list[sa.ColumnElement[bool]]]:
    """Return the table that a list is read from, its sort key, and the conditions of its rows."""
    category = None if filters.category is None else _find_category(filters.category)
    if not sorts_by_price(page):
        model: Any = Product if category is None else CategoryListing
        conditions = [] if category is None else [model.category_id == category]
        return model, getattr(model, SORT_COLUMNS[page.sort.removeprefix("-")]), conditions
    model = PriceRange if category is None else CategoryPrice
    conditions = [] if category is None else [model.category_id == category]
    conditions.append(model.currency == filters.currency)
    if filters.price_gte is not None:
        conditions.append(model.min_amount >= filters.price_gte)
    if filters.price_lte is not None:
        conditions.append(model.min_amount <= filters.price_lte)
    return model, model.min_amount, conditions


def _show(ids: Page[UUID], page: PageRequest, shown: Values, *, most: int | None = None) -> Shown:
    """Return what is shown of the products of a page.

    Args:
        ids: Their ids.
        page: The page requested.
        shown: Parameters of what is shown of each.
        most: How many there are at most; then there may be more. None if they are not limited.
    """
    listed = PRODUCTS.page(PageRequest("created_at", limit=page.limit), ids=ids.data, **shown)
    products = dict(map(_identified, listed.content["data"]))
    content: dict[str, Any] = {
        "data": [products[key] for key in map(str, ids.data) if key in products],
        "has_more": ids.has_more,
        "next_cursor": ids.next_cursor,
    }
    if ids.total is not None:
        is_exact = ids.total_is_exact if most is None else ids.total < most
        content |= {"total": ids.total, "total_is_exact": is_exact}
    return Shown(content)


class _Identity(msgspec.Struct):
    id: str


def _identified(item: Any) -> tuple[str, msgspec.Raw]:
    """Return the id of an item, and the item as JSON."""
    text = msgspec.json.encode(item)
    return msgspec.json.decode(text, type=_Identity).id, msgspec.Raw(text)


def _sort_value(page: PageRequest, product_id: Any, filters: ProductFilter) -> Any:
    """Select what products are sorted by, one at a time: a join reads all."""
    if sorts_by_price(page):
        return _price_of(product_id, filters)
    return _of_product(getattr(Product, SORT_COLUMNS[page.sort.removeprefix("-")]), product_id)


def _of_product(column: Any, product_id: Any) -> sa.ScalarSelect[Any]:
    return sa.select(column).where(Product.id == product_id).scalar_subquery()


def _price_of(product_id: Any, filters: ProductFilter) -> sa.ScalarSelect[int]:
    in_currency = PriceRange.product_id == product_id, PriceRange.currency == filters.currency
    return sa.select(PriceRange.min_amount).where(*in_currency).scalar_subquery()
