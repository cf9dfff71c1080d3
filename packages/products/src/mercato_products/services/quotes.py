"""Quotes: the implementation of the contract ``catalog``."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_contracts.catalog import Quote, QuoteLine, VariantUnavailable
from mercato_kit.db import session
from mercato_kit.lists import any_of
from mercato_kit.prepared import Prepared
from mercato_products.availability import AT_DEFAULT_LOCATION
from mercato_products.models import Medium, Price, Product, StockLevel, Variant

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
    rows = _LINES.rows(session.connection(), values)
    found = {row["variant_id"]: QuoteLine(**row) for row in rows}
    if missing := lines.keys() - found.keys():
        raise VariantUnavailable(missing)
    return Quote(
        lines=tuple(found[variant_id] for variant_id in lines),
        currency=currency,
        valid_until=at + VALID_FOR,
    )


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


def _image() -> sa.Function[str]:
    """Select the variant's own image, else the first image of its product."""
    # Two subqueries: SQLite cannot sort a subquery by columns of the outer query.
    first = sa.select(Medium.url).order_by(Medium.position).limit(1)
    own = first.where(Medium.variant_id == Variant.id).scalar_subquery()
    of_product = first.where(Medium.product_id == Product.id).scalar_subquery()
    return sa.func.coalesce(own, of_product)


_LINES = Prepared(_select_lines)
