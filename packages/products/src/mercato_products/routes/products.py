"""Endpoints of products and their media."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import url_for

from mercato_contracts.catalog import Catalog
from mercato_kit.http import if_match, page_of
from mercato_kit.policies import anyone
from mercato_kit.views import Shown
from mercato_products import services
from mercato_products.errors import (
    DuplicateOptions,
    ExternalReferenceTaken,
    HandleTaken,
    InvalidTransition,
    SkuTaken,
)
from mercato_products.models import Product
from mercato_products.routes.blueprint import MAY_WRITE, blueprint, sees_hidden
from mercato_products.schemas.products import (
    MediumInputSchema,
    NewProductSchema,
    ProductChangesSchema,
    ProductListQuerySchema,
    ProductQuerySchema,
    ProductSchema,
    ProductSummarySchema,
)
from mercato_products.values import NewMedium, NewProduct, ProductFilter

PRODUCT = (Catalog, "product")
"""What other features may add members to: ``expand``."""


@blueprint.get("/products", allow=anyone, public_cache=True, expands=PRODUCT)
@blueprint.arguments(ProductListQuerySchema, location="query")
@blueprint.response(200, page_of(ProductSummarySchema))
def list_products(query: dict[str, Any]) -> Shown:
    """List products"""
    page = query.pop("page")
    return services.list_products(page, ProductFilter(**query), hidden_too=sees_hidden())


@blueprint.get("/products/<uuid:product_id>", allow=anyone, public_cache=True, expands=PRODUCT)
@blueprint.arguments(ProductQuerySchema, location="query")
@blueprint.response(200, ProductSchema)
def get_product(query: dict[str, Any], product_id: UUID) -> Shown:
    """Get a product with its variants, prices and media"""
    return _show(product_id, query)


@blueprint.get("/products/by-handle/<handle>", allow=anyone, public_cache=True, expands=PRODUCT)
@blueprint.arguments(ProductQuerySchema, location="query")
@blueprint.response(200, ProductSchema)
def get_product_by_handle(query: dict[str, Any], handle: str) -> Shown:
    """Get a product by its handle"""
    return _show(handle, query)


@blueprint.post(
    "/products",
    allow=MAY_WRITE,
    idempotent=True,
    refuses=[HandleTaken, SkuTaken, ExternalReferenceTaken, DuplicateOptions],
)
@blueprint.arguments(NewProductSchema)
@blueprint.response(201, ProductSchema)
def create_product(new: NewProduct) -> tuple[Product, int, dict[str, str]]:
    """Create a product with its variants and prices"""
    product = services.create_product(new)
    return product, 201, {"Location": url_for(".get_product", product_id=product.id)}


@blueprint.patch(
    "/products/<uuid:product_id>",
    allow=MAY_WRITE,
    if_match=True,
    refuses=[HandleTaken, ExternalReferenceTaken, InvalidTransition],
)
@blueprint.arguments(ProductChangesSchema)
@blueprint.response(200, ProductSchema)
def update_product(changes: dict[str, Any], product_id: UUID) -> Product:
    """Change a product"""
    return services.update_product(product_id, changes, versions=if_match())


@blueprint.delete("/products/<uuid:product_id>", allow=MAY_WRITE, if_match=True)
@blueprint.response(204)
def archive_product(product_id: UUID) -> None:
    """Archive a product"""
    services.archive_product(product_id, versions=if_match())


@blueprint.put("/products/<uuid:product_id>/media", allow=MAY_WRITE)
@blueprint.arguments(MediumInputSchema(many=True))
@blueprint.response(200, ProductSchema)
def replace_media(media: Sequence[NewMedium], product_id: UUID) -> Product:
    """Replace the media of a product"""
    return services.replace_media(product_id, media)


def _show(key: UUID | str, query: dict[str, Any]) -> Shown:
    return services.show_product(
        key,
        hidden_too=sees_hidden(),
        currency=query.get("currency"),
        with_stock="expand" in query,
    )
