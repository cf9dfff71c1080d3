"""Endpoints of categories."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.http import if_match, page_of
from mercato_kit.policies import anyone
from mercato_kit.views import Shown
from mercato_products import services
from mercato_products.errors import CategoryCycle, CategoryNotEmpty, HandleTaken
from mercato_products.models import Category
from mercato_products.routes.blueprint import MAY_WRITE, blueprint
from mercato_products.schemas.categories import (
    CategoryChangesSchema,
    CategoryListQuerySchema,
    CategorySchema,
    NewCategorySchema,
)
from mercato_products.values import NewCategory


@blueprint.get("/categories", allow=anyone, public_cache=True)
@blueprint.arguments(CategoryListQuerySchema, location="query")
@blueprint.response(200, page_of(CategorySchema))
def list_categories(query: dict[str, Any]) -> Shown:
    """List categories, each after its parent"""
    return services.list_categories(**query)


@blueprint.post("/categories", allow=MAY_WRITE, refuses=[HandleTaken])
@blueprint.arguments(NewCategorySchema)
@blueprint.response(201, CategorySchema)
def create_category(new: NewCategory) -> tuple[Category, int, dict[str, str]]:
    """Create a category"""
    category = services.create_category(new)
    return category, 201, {"Location": url_for(".get_category", category_id=category.id)}


@blueprint.get("/categories/<uuid:category_id>", allow=anyone, public_cache=True)
@blueprint.response(200, CategorySchema)
def get_category(category_id: UUID) -> Shown:
    """Get a category"""
    return services.find_category(category_id)


@blueprint.patch(
    "/categories/<uuid:category_id>",
    allow=MAY_WRITE,
    if_match=True,
    refuses=[HandleTaken, CategoryCycle],
)
@blueprint.arguments(CategoryChangesSchema)
@blueprint.response(200, CategorySchema)
def update_category(changes: dict[str, Any], category_id: UUID) -> Category:
    """Change a category, or move it with its subcategories"""
    return services.update_category(category_id, changes, versions=if_match())


@blueprint.delete("/categories/<uuid:category_id>", allow=MAY_WRITE, refuses=[CategoryNotEmpty])
@blueprint.response(204)
def delete_category(category_id: UUID) -> None:
    """Remove a category without subcategories"""
    services.delete_category(category_id)
