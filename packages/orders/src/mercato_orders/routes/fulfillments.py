"""Endpoints of fulfilments."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.http import Remote, if_match
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, permission
from mercato_kit.views import Shown
from mercato_orders import services
from mercato_orders.access import Caller
from mercato_orders.errors import (
    InsufficientStock,
    InvalidTransition,
    OrderNotPaid,
    PaymentDeclined,
    QuantityExceedsRemaining,
)
from mercato_orders.models import Fulfillment
from mercato_orders.permissions import FULFILL
from mercato_orders.routes.blueprint import Headers, blueprint, caller
from mercato_orders.schemas import (
    AccessHeadersSchema,
    FulfillmentListSchema,
    FulfillmentSchema,
    NewFulfillmentSchema,
    PartQuerySchema,
    TrackingSchema,
)
from mercato_orders.values import NewFulfillment

MAY_FULFILL = permission(FULFILL)


@blueprint.post(
    "/orders/<uuid:order_id>/fulfillments",
    allow=MAY_FULFILL,
    idempotent=True,
    remote=True,
    refuses=[
        InsufficientStock,
        InvalidTransition,
        OrderNotPaid,
        PaymentDeclined,
        QuantityExceedsRemaining,
    ],
)
@blueprint.arguments(NewFulfillmentSchema)
@blueprint.response(201, FulfillmentSchema)
def fulfill_order(new: NewFulfillment, order_id: UUID) -> Remote[Any]:
    """Send units of an order

    If its payment is authorized, it is captured before. A fulfilment whose capture the provider has
    not confirmed is `pending`: read it again later.
    """
    request = services.FulfillmentRequest(order_id, new, Caller(current_principal))
    return Remote(request.begin, request.call, request.finish).shown_by(_created)


def _created(parcel: Fulfillment) -> tuple[Fulfillment, int, dict[str, str]]:
    return parcel, 201, {"Location": url_for("orders.get_fulfillment", fulfillment_id=parcel.id)}


@blueprint.get("/orders/<uuid:order_id>/fulfillments", allow=anyone)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(PartQuerySchema, location="query")
@blueprint.response(200, FulfillmentListSchema)
def list_fulfillments(headers: Headers, query: dict[str, Any], order_id: UUID) -> Shown:
    """List the fulfilments of an order"""
    return services.list_fulfillments(order_id, query["page"], caller(headers))


@blueprint.get("/fulfillments/<uuid:fulfillment_id>", allow=anyone)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.response(200, FulfillmentSchema)
def get_fulfillment(headers: Headers, fulfillment_id: UUID) -> Shown:
    """Get a fulfilment"""
    return services.find_fulfillment(fulfillment_id, caller(headers))


@blueprint.patch("/fulfillments/<uuid:fulfillment_id>", allow=MAY_FULFILL, if_match=True)
@blueprint.arguments(TrackingSchema)
@blueprint.response(200, FulfillmentSchema)
def track_fulfillment(changes: dict[str, Any], fulfillment_id: UUID) -> Fulfillment:
    """Change how a fulfilment is tracked"""
    return services.track_fulfillment(fulfillment_id, changes, versions=if_match())


@blueprint.post(
    "/fulfillments/<uuid:fulfillment_id>/deliver",
    allow=MAY_FULFILL,
    refuses=[InvalidTransition],
)
@blueprint.response(200, FulfillmentSchema)
def deliver_fulfillment(fulfillment_id: UUID) -> Fulfillment:
    """Record that a fulfilment has arrived"""
    return services.deliver_fulfillment(fulfillment_id, Caller(current_principal))


@blueprint.post(
    "/fulfillments/<uuid:fulfillment_id>/cancel",
    allow=MAY_FULFILL,
    refuses=[InvalidTransition],
)
@blueprint.response(200, FulfillmentSchema)
def cancel_fulfillment(fulfillment_id: UUID) -> Fulfillment:
    """Cancel a fulfilment that has not arrived: its units are still to be sent"""
    return services.cancel_fulfillment(fulfillment_id, Caller(current_principal))
