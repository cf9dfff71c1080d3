"""Endpoints of shipping zones, for staff."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.http import Blueprint, if_match, page_of
from mercato_kit.policies import permission
from mercato_kit.views import Shown
from mercato_shipping import services
from mercato_shipping.errors import AreaTaken, ZoneCodeTaken
from mercato_shipping.glossary import GLOSSARY
from mercato_shipping.permissions import READ, WRITE
from mercato_shipping.schemas import ZoneInputSchema, ZoneQuerySchema, ZoneSchema
from mercato_shipping.values import NewZone

blueprint = Blueprint(
    "shipping",
    __name__,
    url_prefix="/v1",
    description="Shipping zones, methods and prices",
    glossary=GLOSSARY,
)

MAY_READ = permission(READ)
MAY_WRITE = permission(WRITE)


@blueprint.get("/shipping-zones", allow=MAY_READ)
@blueprint.arguments(ZoneQuerySchema, location="query")
@blueprint.response(200, page_of(ZoneSchema))
def list_zones(query: dict[str, Any]) -> Shown:
    """List shipping zones"""
    return services.list_zones(**query)


@blueprint.post(
    "/shipping-zones", allow=MAY_WRITE, idempotent=True, refuses=[ZoneCodeTaken, AreaTaken]
)
@blueprint.arguments(ZoneInputSchema)
@blueprint.response(201, ZoneSchema)
def create_zone(new: NewZone) -> tuple[Shown, int, dict[str, str]]:
    """Create a shipping zone with its methods and prices"""
    zone = services.create_zone(new)
    return zone, 201, {"Location": url_for(".get_zone", zone_id=zone.content["id"])}


@blueprint.get("/shipping-zones/<uuid:zone_id>", allow=MAY_READ)
@blueprint.response(200, ZoneSchema)
def get_zone(zone_id: UUID) -> Shown:
    """Get a shipping zone"""
    return services.find_zone(zone_id)


@blueprint.put(
    "/shipping-zones/<uuid:zone_id>",
    allow=MAY_WRITE,
    if_match=True,
    refuses=[ZoneCodeTaken, AreaTaken],
)
@blueprint.arguments(ZoneInputSchema)
@blueprint.response(200, ZoneSchema)
def replace_zone(new: NewZone, zone_id: UUID) -> Shown:
    """Replace a shipping zone with all its methods and prices"""
    return services.replace_zone(zone_id, new, versions=if_match())


@blueprint.delete("/shipping-zones/<uuid:zone_id>", allow=MAY_WRITE, if_match=True)
@blueprint.response(204)
def delete_zone(zone_id: UUID) -> None:
    """Delete a shipping zone; nothing is sent to its areas then"""
    services.delete_zone(zone_id, versions=if_match())
