"""Lists of products: filtered, sorted and searched.

What the public reads is one seek in an index, or else a number of rows that does not depend on the
size of the shop.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mercato_kit.http import PageRequest
from mercato_kit.settings import current_settings
from mercato_kit.views import Shown
from mercato_products.services.candidates import category_key, list_candidates, sorts_by_price
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
    if not hidden_too and _is_one_seek(page, filters):
        return PRODUCTS.page(page, **shown, **_values(page, filters))
    return list_candidates(page, filters, shown, hidden_too=hidden_too)


def _is_one_seek(page: PageRequest, filters: ProductFilter) -> bool:
    """Return whether an index has the products for sale in the order of the page."""
    return filters.q is None and (sorts_by_price(page) or not filters.has_bounds)


def _values(page: PageRequest, filters: ProductFilter) -> Values:
    """Return the values of the view's filters, for the rows that have the sort column in order."""
    of_category = {} if filters.category is None else category_key(filters.category)
    by_price = sorts_by_price(page)
    copy = ("category_" if of_category else "") + ("price_" if by_price else "")
    values: dict[str, Any] = {"ids": filters.ids, f"{copy}in_stock": filters.in_stock}
    if of_category:
        values[copy[:-1]] = of_category | ({"currency": filters.currency} if by_price else {})
    elif by_price:
        values["price"] = filters.currency
    if copy:
        values[f"{copy}for_sale"] = True
    if by_price:
        values |= {f"{copy}gte": filters.price_gte, f"{copy}lte": filters.price_lte}
    return {name: value for name, value in values.items() if value is not None}
