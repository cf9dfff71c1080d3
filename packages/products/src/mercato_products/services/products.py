"""Find, create, change and archive products."""

from collections.abc import Container, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from mercato_kit.db import check_version, refreshed, refuse, session, touch, unique_key, utc_now
from mercato_kit.errors import invalid
from mercato_kit.views import Shown
from mercato_products.errors import (
    DuplicateOptions,
    ExternalReferenceTaken,
    HandleTaken,
    InvalidTransition,
    SkuTaken,
)
from mercato_products.models import Category, Product, ProductCategory, Variant
from mercato_products.services.handles import find_free_handle
from mercato_products.services.listings import refresh_listings
from mercato_products.services.options import check_options, read_options
from mercato_products.services.search import refresh_words
from mercato_products.services.variants import OPTIONS, SKU, make_variant, record_prices
from mercato_products.services.versions import lock_product
from mercato_products.values import NewProduct
from mercato_products.views import PRODUCT, PRODUCT_WITH_STOCK

HANDLE = unique_key(Product, "handle")
EXTERNAL_REFERENCE = unique_key(Product, "external_reference")

_LISTED = {"category_ids", "name", "status"}
_SEARCHED = {"brand", "category_ids", "description", "name", "status"}
"""What lists and search have copies of."""

_TRANSITIONS = {
    "draft": {"active", "archived"},
    "active": {"archived"},
    "archived": {"active"},
}
"""Allowed changes of status. A published product never becomes a draft again."""


def show_product(
    key: UUID | str, *, hidden_too: bool, currency: str | None = None, with_stock: bool = False
) -> Shown:
    """Return a product with variants, prices and media, as it is shown.

    Args:
        key: Id or handle of the product.
        hidden_too: Include products and variants that are not for sale.
        currency: Show only prices in this currency (ISO 4217).
        with_stock: Also show the stock, instead of the version.

    Raises:
        NotFound: It does not exist or is not for sale.
    """
    values: dict[str, Any] = {"id" if isinstance(key, UUID) else "handle": key}
    if not hidden_too:
        values |= {"for_sale": True, "variant_status": "active"}
    if currency is not None:
        values["currency"] = currency
    return (PRODUCT_WITH_STOCK if with_stock else PRODUCT).one(**values)


def find_product(product_id: UUID) -> Product:
    """Return a product with all that is shown of it, except for its stock."""
    wanted = sa.select(Product).where(Product.id == product_id)
    parts = wanted.options(
        selectinload(Product.variants).selectinload(Variant.prices),
        selectinload(Product.media),
        selectinload(Product.category_links),
    )
    return session.scalars(refreshed(parts)).one()


def create_product(new: NewProduct) -> Product:
    """Create a product with its variants and prices.

    Raises:
        Invalid: Options or categories are invalid.
        HandleTaken, ExternalReferenceTaken, SkuTaken, DuplicateOptions: A unique value is in use.
    """
    options = read_options(new.options, new.variants)
    for number, variant in enumerate(new.variants):
        check_options(variant.option_values, options, pointer=f"/variants/{number}/option_values")
    product = Product(
        handle=new.handle or find_free_handle(Product, new.name),
        name=new.name,
        description=new.description,
        brand=new.brand,
        status=new.status,
        options=options,
        tax_code=new.tax_code,
        external_reference=new.external_reference,
        published_at=utc_now() if new.status == "active" else None,
        metadata_=dict(new.metadata_),
    )
    with _refusing_duplicates():
        session.add(product)
        session.flush()
        variants = [
            make_variant(product, variant, position=number)
            for number, variant in enumerate(new.variants)
        ]
        session.add_all(variants)
    record_prices(variants)
    _place(product.id, new.category_ids)
    refresh_listings(product.id)
    refresh_words(product.id)
    return find_product(product.id)


def update_product(
    product_id: UUID, changes: Mapping[str, Any], *, versions: Container[int]
) -> Product:
    """Change a product.

    Args:
        product_id: Id of the product.
        changes: New values by column name, and ``category_ids``.
        versions: The versions that the caller accepts; usually the one that it read.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since.
        Invalid: A category does not exist.
        InvalidTransition: The change of status is not allowed.
        HandleTaken, ExternalReferenceTaken: A unique value is in use.
    """
    product = lock_product(product_id)
    check_version(product, versions)
    values = dict(changes)
    category_ids = values.pop("category_ids", None)
    if "status" in values:
        _change_status(product, values.pop("status"))
    if category_ids is not None:
        session.execute(sa.delete(ProductCategory).where(ProductCategory.product_id == product_id))
        _place(product_id, category_ids)
        touch(product)
    with _refusing_duplicates():
        for name, value in values.items():
            setattr(product, name, value)
    if not _LISTED.isdisjoint(changes):
        refresh_listings(product_id)
    if not _SEARCHED.isdisjoint(changes):
        refresh_words(product_id)
    return find_product(product_id)


def archive_product(product_id: UUID, *, versions: Container[int]) -> None:
    """Archive a product. Orders and the ledger keep their references to it.

    Raises:
        NotFound: It does not exist.
        StaleVersion: It has changed since the caller read it.
    """
    update_product(product_id, {"status": "archived"}, versions=versions)


def _change_status(product: Product, status: str) -> None:
    if status == product.status:
        return
    if status not in _TRANSITIONS[product.status]:
        raise InvalidTransition(f"The status cannot change from {product.status} to {status}.")
    product.status = status
    now = utc_now()
    product.archived_at = now if status == "archived" else None
    if status == "active" and product.published_at is None:
        product.published_at = now


def _place(product_id: UUID, category_ids: Sequence[UUID]) -> None:
    """Link a product without categories to categories."""
    if not category_ids:
        return
    there = sa.select(Category.id).where(Category.id.in_(category_ids), ~Category.is_removed)
    known = set(session.scalars(there))
    for number, category_id in enumerate(category_ids):
        if category_id not in known:
            raise invalid(f"/category_ids/{number}", "unknown", "The category does not exist.")
    session.execute(
        sa.insert(ProductCategory).values(
            [
                {"category_id": category_id, "product_id": product_id, "position": number}
                for number, category_id in enumerate(dict.fromkeys(category_ids))
            ]
        )
    )


def _refusing_duplicates() -> Any:
    return refuse(
        {
            HANDLE: HandleTaken,
            EXTERNAL_REFERENCE: ExternalReferenceTaken,
            SKU: SkuTaken,
            OPTIONS: DuplicateOptions,
        }
    )
