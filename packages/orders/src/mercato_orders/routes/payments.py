"""Endpoints of payments."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.errors import Forbidden
from mercato_kit.policies import anyone
from mercato_kit.views import Shown
from mercato_orders import services
from mercato_orders.errors import OrderNotPayable, PaymentInProgress
from mercato_orders.models import Payment
from mercato_orders.routes.blueprint import Headers, blueprint, caller
from mercato_orders.schemas import (
    AccessHeadersSchema,
    NewPaymentSchema,
    PartQuerySchema,
    PaymentListSchema,
    PaymentSchema,
)
from mercato_orders.values import NewPayment


@blueprint.post(
    "/orders/<uuid:order_id>/payments",
    allow=anyone,
    idempotent=True,
    guest_header="Order-Access-Token",
    refuses=[Forbidden, OrderNotPayable, PaymentInProgress],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(NewPaymentSchema)
@blueprint.response(201, PaymentSchema)
def pay_order(
    headers: Headers, new: NewPayment, order_id: UUID
) -> tuple[Payment, int, dict[str, str]]:
    """Pay an order"""
    payment = services.pay_order(order_id, new, caller(headers))
    location = url_for("orders.get_payment", order_id=order_id, payment_id=payment.id)
    return payment, 201, {"Location": location}


@blueprint.get("/orders/<uuid:order_id>/payments", allow=anyone)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(PartQuerySchema, location="query")
@blueprint.response(200, PaymentListSchema)
def list_payments(headers: Headers, query: dict[str, Any], order_id: UUID) -> Shown:
    """List the payments of an order"""
    return services.list_payments(order_id, query["page"], caller(headers))


@blueprint.get("/orders/<uuid:order_id>/payments/<uuid:payment_id>", allow=anyone)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.response(200, PaymentSchema)
def get_payment(headers: Headers, order_id: UUID, payment_id: UUID) -> Shown:
    """Get a payment of an order"""
    return services.find_payment(order_id, payment_id, caller(headers))
