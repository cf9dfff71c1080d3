"""Endpoints of refunds."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.http import Remote
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, permission
from mercato_kit.views import Shown
from mercato_orders import services
from mercato_orders.access import Caller
from mercato_orders.errors import (
    InvalidTransition,
    QuantityExceedsRemaining,
    RefundExceedsCaptured,
)
from mercato_orders.models import Refund
from mercato_orders.permissions import REFUND
from mercato_orders.routes.blueprint import Headers, blueprint, caller
from mercato_orders.schemas import (
    AccessHeadersSchema,
    NewRefundSchema,
    PartQuerySchema,
    RefundListSchema,
    RefundSchema,
)
from mercato_orders.values import NewRefund


@blueprint.post(
    "/orders/<uuid:order_id>/refunds",
    allow=permission(REFUND),
    idempotent=True,
    remote=True,
    refuses=[InvalidTransition, QuantityExceedsRemaining, RefundExceedsCaptured],
)
@blueprint.arguments(NewRefundSchema)
@blueprint.response(201, RefundSchema)
def refund_order(new: NewRefund, order_id: UUID) -> Remote[Any]:
    """Give money back

    Without amount, lines and shipping it is all that is left. A refund that the provider has not
    confirmed is `pending`: read it again later.
    """
    request = services.RefundRequest(order_id, new, Caller(current_principal))
    return Remote(request.begin, request.call, request.finish).shown_by(_created)


def _created(refund: Refund) -> tuple[Refund, int, dict[str, str]]:
    place = url_for("orders.get_refund", order_id=refund.order_id, refund_id=refund.id)
    return refund, 201, {"Location": place}


@blueprint.get("/orders/<uuid:order_id>/refunds", allow=anyone)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(PartQuerySchema, location="query")
@blueprint.response(200, RefundListSchema)
def list_refunds(headers: Headers, query: dict[str, Any], order_id: UUID) -> Shown:
    """List the refunds of an order"""
    return services.list_refunds(order_id, query["page"], caller(headers))


@blueprint.get("/orders/<uuid:order_id>/refunds/<uuid:refund_id>", allow=anyone)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.response(200, RefundSchema)
def get_refund(headers: Headers, order_id: UUID, refund_id: UUID) -> Shown:
    """Get a refund of an order"""
    return services.find_refund(order_id, refund_id, caller(headers))
