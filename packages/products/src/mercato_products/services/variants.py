"""Find, create, change and archive variants."""

from collections.abc import Container, Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, selectinload

from mercato_kit import security
from mercato_kit.db import check_version, found, refreshed, refuse, session, touch, unique_key
from mercato_kit.http import PageRequest
from mercato_kit.views import Shown
from mercato_products.errors import DuplicateOptions, SkuTaken, StockInUse
from mercato_products.models import Price, Product, StockMovement, Variant
from mercato_products.services.in_stock import refresh_in_stock
from mercato_products.services.listings import refresh_price_ranges
from mercato_products.services.options import check_options, make_option_key, name_variant
from mercato_products.services.search import refresh_words
from mercato_products.services.versions import lock_product
from mercato_products.values import NewVariant
from mercato_products.views import ON_SALE, VARIANTS

SKU = unique_key(Variant, "sku")
OPTIONS = unique_key(Variant, "product_id", "option_key")


def list_variants(page: PageRequest, *, hidden_too: bool, **filters: Any) -> Shown:
    """Return a page of variants with their prices.

    Args:
        page: The page requested.
        hidden_too: Include variants that are not for sale.
        **filters: Accepted values: ``sku``, ``ids``.
    """
    return VARIANTS.page(page, for_sale=not hidden_too, **filters)


def list_variants_of(product_id: UUID, page: PageRequest, *, hidden_too: bool) -> Shown:
    """Return a page of the variants of one product, with their prices.

    Args:
        product_id: Id of the product.
        page: The page requested.
        hidden_too: Include variants that are not for sale.

    Raises:
        NotFound: The product does not exist or is not for sale.
    """
    found(ON_SALE.rows(id=product_id, all=hidden_too) or None)
    return VARIANTS.page(page, product=product_id, for_sale=not hidden_too)


def show_variant(variant_id: UUID, *, hidden_too: bool) -> Shown:
    """Return a variant with its prices, as it is shown.

    Args:
        variant_id: Id of the variant.
        hidden_too: Also find a variant that is not for sale.

    Raises:
        NotFound: It does not exist or is not for sale.
    """
    return VARIANTS.one(id=variant_id, for_sale=not hidden_too)


def lock_variant(variant_id: UUID, *, versions: Container[int]) -> Variant:
    """Lock a variant's product and return the variant with it.

    Args:
        variant_id: Id of the variant.
        versions: The versions of the variant that the caller accepts.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
    """
    of_variant = sa.select(Variant.product_id).where(Variant.id == variant_id)
    lock_product(found(session.scalar(of_variant)))
    variant = session.scalars(
        sa.select(Variant)
        .join(Variant.product)
        .where(Variant.id == variant_id)
        .options(contains_eager(Variant.product))
    ).one()
    check_version(variant, versions)
    return variant


def add_variant(product_id: UUID, new: NewVariant) -> Variant:
    """Add a variant to a product. The first variant defines the product's options.

    Raises:
        NotFound: The product does not exist.
        Invalid: The option values are not those of the product.
        SkuTaken, DuplicateOptions: A unique value is in use.
    """
    product = lock_product(product_id)
    places = sa.select(sa.func.max(Variant.position)).where(Variant.product_id == product_id)
    last = session.scalar(places)
    if last is None and not product.options:
        product.options = list(new.option_values)
    check_options(new.option_values, product.options, pointer="/option_values")
    variant = make_variant(product, new, position=0 if last is None else last + 1)
    touch(product)
    with refusing_duplicates():
        session.add(variant)
    record_prices([variant])
    refresh_in_stock(product_id)
    refresh_price_ranges(product_id)
    refresh_words(product_id)
    return _find_variant(variant.id)


def update_variant(
    variant_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]
) -> Variant:
    """Change a variant.

    Args:
        variant_id: Id of the variant.
        changes: New values by column name.
        versions: The versions that the caller accepts; usually the one that it read.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
        Invalid: The option values are not those of the product.
        SkuTaken, DuplicateOptions: A unique value is in use.
        StockInUse: ``track_inventory`` changes after stock has moved.
    """
    variant = lock_variant(variant_id, versions=versions)
    values = dict(changes)
    if values.get("track_inventory", variant.track_inventory) is not variant.track_inventory:
        _check_unmoved(variant_id)
    if "option_values" in values:
        check_options(values["option_values"], variant.product.options, pointer="/option_values")
        values["option_key"] = make_option_key(values["option_values"])
    with refusing_duplicates():
        for name, value in values.items():
            setattr(variant, name, value)
        if session.is_modified(variant):
            touch(variant.product)
    if not {"status", "track_inventory"}.isdisjoint(changes):
        refresh_in_stock(variant.product_id)
    if "status" in changes:
        refresh_price_ranges(variant.product_id)
    if not {"sku", "status"}.isdisjoint(changes):
        refresh_words(variant.product_id)
    return _find_variant(variant_id)


def archive_variant(variant_id: UUID, *, versions: Container[int]) -> None:
    """Archive a variant. Orders and the ledger keep their references to it.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since the caller read it.
    """
    update_variant(variant_id, {"status": "archived"}, versions=versions)


def make_variant(product: Product, new: NewVariant, *, position: int) -> Variant:
    """Return a new variant; its options are already checked."""
    return Variant(
        product_id=product.id,
        sku=new.sku,
        gtin=new.gtin,
        name=new.name if new.name is not None else name_variant(new.option_values, product.options),
        option_values=dict(new.option_values),
        option_key=make_option_key(new.option_values),
        position=new.position if new.position is not None else position,
        weight_grams=new.weight_grams,
        requires_shipping=new.requires_shipping,
        track_inventory=new.track_inventory,
        tax_code=new.tax_code,
        metadata_=dict(new.metadata_),
        prices=[
            Price(
                currency=price.currency,
                unit_amount=price.unit_amount,
                compare_at_amount=price.compare_at_amount,
            )
            for price in new.prices
        ],
    )


def record_prices(variants: Iterable[Variant]) -> None:
    """Log the first prices of new variants."""
    for variant in variants:
        for price in variant.prices:
            security.record(
                "price_changed",
                variant_id=variant.id,
                currency=price.currency,
                before=None,
                after=price.unit_amount,
            )


def refusing_duplicates() -> Any:
    """Flush, and translate violated unique keys into problems."""
    return refuse({SKU: SkuTaken, OPTIONS: DuplicateOptions})


def _check_unmoved(variant_id: UUID) -> None:
    moved = sa.select(StockMovement.id).where(StockMovement.variant_id == variant_id)
    if session.scalar(moved.limit(1)) is not None:
        raise StockInUse


def _find_variant(variant_id: UUID) -> Variant:
    wanted = sa.select(Variant).where(Variant.id == variant_id)
    return session.scalars(refreshed(wanted.options(selectinload(Variant.prices)))).one()
