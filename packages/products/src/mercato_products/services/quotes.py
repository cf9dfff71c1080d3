"""Quotes: the implementation of the contract ``catalog``."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from mercato_contracts.catalog import Quote, QuoteLine, VariantUnavailable
from mercato_kit.db import current_connection
from mercato_kit.lists import any_of
from mercato_kit.prepared import Prepared
from mercato_kit.views import JsonList, JsonText, UuidText
from mercato_products.availability import AT_DEFAULT_LOCATION
from mercato_products.models import (
    Category,
    Medium,
    Price,
    Product,
    ProductCategory,
    StockLevel,
    Variant,
)

VALID_FOR = timedelta(seconds=30)
"""Period for which caches may keep a page of the catalogue."""


def quote_variants(lines: Mapping[UUID, int], currency: str, at: datetime) -> Quote:
    """Price all variants or none, in one SELECT.

    Args:
        lines: Units wanted, by variant id.
        currency: ISO 4217 code.
        at: The time at which the prices apply.

    Raises:
        VariantUnavailable: Some variants cannot be sold; the exception lists all of them.
    """
    values = {"variant_ids": list(lines), "currency": currency}
    rows = _LINES.rows(current_connection(), values)
    found = {row["variant_id"]: _line(row) for row in rows}
    if missing := lines.keys() - found.keys():
        raise VariantUnavailable(missing)
    return Quote(
        lines=tuple(found[variant_id] for variant_id in lines),
        currency=currency,
        valid_until=at + VALID_FOR,
    )


def _line(row: dict[str, Any]) -> QuoteLine:
    category_ids = _CATEGORY_IDS.decode(row.pop("categories"))
    return QuoteLine(**row, category_ids=category_ids)


def _select_lines(_dialect: sa.Dialect) -> sa.Select[*tuple[Any, ...]]:
    """Select the members of :class:`QuoteLine` for each variant that can be sold."""
    available = sa.case(
        (Variant.track_inventory.is_(False), None),
        (StockLevel.available > 0, StockLevel.available),
        else_=0,
    )
    return (
        sa.select(
            Variant.id.label("variant_id"),
            Variant.product_id,
            Variant.sku,
            Product.name,
            Variant.name.label("variant_name"),
            Price.unit_amount,
            sa.func.coalesce(Variant.tax_code, Product.tax_code).label("tax_code"),
            Variant.requires_shipping,
            Variant.weight_grams,
            _image().label("image_url"),
            available.label("available"),
            _categories().label("categories"),
        )
        .join(Variant.product)
        .join(Variant.prices.and_(Price.currency == sa.bindparam("currency")))
        .outerjoin(StockLevel, AT_DEFAULT_LOCATION)
        .where(
            any_of(Variant.id, "variant_ids"),
            Variant.status == "active",
            Product.status == "active",
        )
    )


def _categories() -> sa.ScalarSelect[str]:
    """Select the categories of the product and those above them, as JSON."""
    own = (
        sa.select(ProductCategory.product_id, Category.id, Category.parent_id)
        .join(Category, Category.id == ProductCategory.category_id)
        .join(Variant, Variant.product_id == ProductCategory.product_id)
        .where(any_of(Variant.id, "variant_ids"), Category.is_removed.is_(False))
        .cte("found_categories", recursive=True)
    )
    above = sa.select(own.c.product_id, Category.id, Category.parent_id).join(
        own, Category.id == own.c.parent_id
    )
    # A union leaves out what it has found before: several variants, or one way to the top.
    found = own.union(above)
    listed = sa.select(JsonText(JsonList(UuidText(found.c.id))))
    return listed.where(found.c.product_id == Product.id).scalar_subquery()


def _image() -> sa.Function[str]:
    """Select the variant's own image, else the first image of its product."""
    # Two subqueries: SQLite cannot sort a subquery by columns of the outer query.
    first = sa.select(Medium.url).order_by(Medium.position).limit(1)
    own = first.where(Medium.variant_id == Variant.id).scalar_subquery()
    of_product = first.where(Medium.product_id == Product.id).scalar_subquery()
    return sa.func.coalesce(own, of_product)


_LINES = Prepared(_select_lines)
_CATEGORY_IDS = msgspec.json.Decoder(frozenset[UUID])
