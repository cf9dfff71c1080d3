"""HTTP: items."""

from typing import Any
from uuid import UUID

from mercato_gizmo import services
from mercato_gizmo.models import Item
from mercato_gizmo.schemas import ItemChangeSchema, ItemQuerySchema, ItemSchema, NewItemSchema
from mercato_gizmo.values import NewItem
from mercato_kit.http import Blueprint, Page, if_match, page_of
from mercato_kit.policies import anyone, permission

blueprint = Blueprint("gizmo", __name__, url_prefix="/v1", description="Items")


@blueprint.post("/gizmo-items", allow=permission("gizmo.write"), idempotent=True)
@blueprint.arguments(NewItemSchema)
@blueprint.response(201, ItemSchema)
def make_item(body: NewItem) -> Item:
    """Make an item"""
    return services.make_item(body)


@blueprint.get("/gizmo-items", allow=anyone, public_cache=True)
@blueprint.arguments(ItemQuerySchema, location="query")
@blueprint.response(200, page_of(ItemSchema))
def list_items(query: dict[str, Any]) -> Page[Item]:
    """List items"""
    return services.list_items(query["page"], query.get("status"))


@blueprint.get("/gizmo-items/<uuid:item_id>", allow=anyone)
@blueprint.response(200, ItemSchema)
def read_item(item_id: UUID) -> Item:
    """Read an item"""
    return services.find_item(item_id)


@blueprint.patch("/gizmo-items/<uuid:item_id>", allow=permission("gizmo.write"), if_match=True)
@blueprint.arguments(ItemChangeSchema)
@blueprint.response(200, ItemSchema)
def change_item(body: dict[str, Any], item_id: UUID) -> Item:
    """Change an item"""
    return services.change_item(item_id, if_match(), body)
