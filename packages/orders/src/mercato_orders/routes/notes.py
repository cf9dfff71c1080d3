"""Endpoints of timelines and notes."""

from typing import Any
from uuid import UUID

from mercato_kit.policies import anyone, permission
from mercato_kit.views import Shown
from mercato_orders import services
from mercato_orders.permissions import WRITE
from mercato_orders.routes.blueprint import Headers, blueprint, caller
from mercato_orders.schemas import (
    AccessHeadersSchema,
    NewNoteSchema,
    OrderEventListSchema,
    OrderEventSchema,
    PartQuerySchema,
)


@blueprint.get("/orders/<uuid:order_id>/events", allow=anyone)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(PartQuerySchema, location="query")
@blueprint.response(200, OrderEventListSchema)
def list_order_events(headers: Headers, query: dict[str, Any], order_id: UUID) -> Shown:
    """List the timeline of an order; staff see entries that are not public, too"""
    return services.list_events(order_id, query["page"], caller(headers))


@blueprint.post("/orders/<uuid:order_id>/notes", allow=permission(WRITE))
@blueprint.arguments(NewNoteSchema)
@blueprint.response(201, OrderEventSchema)
def add_note(body: dict[str, Any], order_id: UUID) -> tuple[Shown, int]:
    """Write a note into the timeline of an order"""
    note = services.add_note(order_id, body["text"], caller({}), is_public=body["is_public"])
    return note, 201
