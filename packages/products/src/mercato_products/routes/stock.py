"""Endpoints of stock levels, movements and reservations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from mercato_kit.http import page_of
from mercato_kit.identity import current_principal
from mercato_kit.views import Shown
from mercato_products import services
from mercato_products.errors import (
    ReferenceUsed,
    StaleQuantity,
    StockBelowReserved,
    StockNotTracked,
)
from mercato_products.routes.blueprint import MAY_READ_STOCK, MAY_WRITE_STOCK, blueprint
from mercato_products.schemas.stock import (
    AdjustedSchema,
    AdjustmentsSchema,
    ReservationListQuerySchema,
    ReservationSchema,
    StockLevelListQuerySchema,
    StockLevelSchema,
    StockMovementListQuerySchema,
    StockMovementSchema,
)
from mercato_products.values import Adjustment


@blueprint.get("/stock-levels", allow=MAY_READ_STOCK)
@blueprint.arguments(StockLevelListQuerySchema, location="query")
@blueprint.response(200, page_of(StockLevelSchema))
def list_levels(query: dict[str, Any]) -> Shown:
    """List stock levels"""
    return services.list_levels(**query)


@blueprint.post(
    "/stock-adjustments",
    allow=MAY_WRITE_STOCK,
    idempotent=True,
    refuses=[StockNotTracked, StaleQuantity, StockBelowReserved, ReferenceUsed],
)
@blueprint.arguments(AdjustmentsSchema)
@blueprint.response(201, AdjustedSchema)
def adjust_stock(body: dict[str, Sequence[Adjustment]]) -> services.Adjusted:
    """Receive or count stock: all adjustments or none"""
    return services.adjust_stock(body["adjustments"], actor_id=current_principal.sub)


@blueprint.get("/stock-movements", allow=MAY_READ_STOCK)
@blueprint.arguments(StockMovementListQuerySchema, location="query")
@blueprint.response(200, page_of(StockMovementSchema))
def list_movements(query: dict[str, Any]) -> Shown:
    """List stock movements"""
    return services.list_movements(**query)


@blueprint.get("/stock-reservations", allow=MAY_READ_STOCK)
@blueprint.arguments(ReservationListQuerySchema, location="query")
@blueprint.response(200, page_of(ReservationSchema))
def list_reservations(query: dict[str, Any]) -> Shown:
    """List stock reservations"""
    return services.list_reservations(**query)


@blueprint.get("/stock-reservations/<uuid:reference>", allow=MAY_READ_STOCK)
@blueprint.response(200, ReservationSchema)
def get_reservation(reference: UUID) -> Shown:
    """Get a stock reservation"""
    return services.find_reservation(reference)
