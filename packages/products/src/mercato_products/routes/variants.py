"""Endpoints of variants and their prices."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.http import if_match, page_of
from mercato_kit.policies import anyone
from mercato_kit.views import Shown
from mercato_products import services
from mercato_products.errors import DuplicateOptions, SkuTaken, StockInUse
from mercato_products.models import Price, Variant
from mercato_products.routes.blueprint import MAY_WRITE, blueprint, sees_hidden
from mercato_products.schemas.variants import (
    NewVariantSchema,
    PriceInputSchema,
    ProductVariantListQuerySchema,
    VariantChangesSchema,
    VariantListQuerySchema,
    VariantPriceSchema,
    VariantSchema,
)
from mercato_products.values import NewVariant


@blueprint.get("/variants", allow=anyone, public_cache=True)
@blueprint.arguments(VariantListQuerySchema, location="query")
@blueprint.response(200, page_of(VariantSchema))
def list_variants(query: dict[str, Any]) -> Shown:
    """List variants by SKU or id, e.g. those of a cart"""
    return services.list_variants(**query, hidden_too=sees_hidden())


@blueprint.get("/products/<uuid:product_id>/variants", allow=anyone, public_cache=True)
@blueprint.arguments(ProductVariantListQuerySchema, location="query")
@blueprint.response(200, page_of(VariantSchema))
def list_product_variants(query: dict[str, Any], product_id: UUID) -> Shown:
    """List the variants of a product"""
    return services.list_variants_of(product_id, **query, hidden_too=sees_hidden())


@blueprint.post(
    "/products/<uuid:product_id>/variants",
    allow=MAY_WRITE,
    idempotent=True,
    refuses=[SkuTaken, DuplicateOptions],
)
@blueprint.arguments(NewVariantSchema)
@blueprint.response(201, VariantSchema)
def add_variant(new: NewVariant, product_id: UUID) -> tuple[Variant, int, dict[str, str]]:
    """Add a variant to a product"""
    variant = services.add_variant(product_id, new)
    return variant, 201, {"Location": url_for(".get_variant", variant_id=variant.id)}


@blueprint.get("/variants/<uuid:variant_id>", allow=anyone, public_cache=True)
@blueprint.response(200, VariantSchema)
def get_variant(variant_id: UUID) -> Shown:
    """Get a variant with its prices"""
    return services.show_variant(variant_id, hidden_too=sees_hidden())


@blueprint.patch(
    "/variants/<uuid:variant_id>",
    allow=MAY_WRITE,
    if_match=True,
    refuses=[SkuTaken, DuplicateOptions, StockInUse],
)
@blueprint.arguments(VariantChangesSchema)
@blueprint.response(200, VariantSchema)
def update_variant(changes: dict[str, Any], variant_id: UUID) -> Variant:
    """Change a variant"""
    return services.update_variant(variant_id, changes, versions=if_match())


@blueprint.delete("/variants/<uuid:variant_id>", allow=MAY_WRITE, if_match=True)
@blueprint.response(204)
def archive_variant(variant_id: UUID) -> None:
    """Archive a variant"""
    services.archive_variant(variant_id, versions=if_match())


@blueprint.put("/variants/<uuid:variant_id>/prices/<currency>", allow=MAY_WRITE, if_match=True)
@blueprint.arguments(PriceInputSchema)
@blueprint.response(200, VariantPriceSchema)
def set_price(body: dict[str, Any], variant_id: UUID, currency: str) -> Price:
    """Set the price of a variant in one currency; If-Match takes the variant's ETag"""
    return services.set_price(
        variant_id,
        currency,
        unit_amount=body["unit_amount"],
        compare_at_amount=body.get("compare_at_amount"),
        versions=if_match(),
    )
