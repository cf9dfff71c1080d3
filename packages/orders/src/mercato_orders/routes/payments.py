"""Endpoints of payments."""

from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.errors import Forbidden
from mercato_kit.http import Remote
from mercato_kit.policies import anyone
from mercato_kit.views import Shown
from mercato_orders import services
from mercato_orders.errors import (
    InvalidTransition,
    OrderNotPayable,
    PaymentDeclined,
    PaymentInProgress,
)
from mercato_orders.models import Payment
from mercato_orders.routes.blueprint import Headers, blueprint, caller
from mercato_orders.schemas import (
    AccessHeadersSchema,
    CaptureSchema,
    NewPaymentSchema,
    PartQuerySchema,
    PaymentListSchema,
    PaymentSchema,
)
from mercato_orders.values import NewPayment

Created = tuple[Payment, int, dict[str, str]]


@blueprint.post(
    "/orders/<uuid:order_id>/payments",
    allow=anyone,
    idempotent=True,
    remote=True,
    guest_header="Order-Access-Token",
    refuses=[Forbidden, OrderNotPayable, PaymentInProgress, PaymentDeclined],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(NewPaymentSchema)
@blueprint.response(201, PaymentSchema)
def pay_order(headers: Headers, new: NewPayment, order_id: UUID) -> Remote[Any]:
    """Pay an order

    A payment whose outcome is not known yet is `processing`, and one whose customer has to do
    something is `requires_action`: read it again later.
    """
    attempt = services.Attempt(order_id, new, caller(headers))

    def begin() -> UUID | Created:
        begun = attempt.begin()
        return begun if isinstance(begun, UUID) else _created(begun)

    return Remote(begin, attempt.call, lambda *outcome: _created(attempt.finish(*outcome)))


def _created(payment: Payment) -> Created:
    place = url_for("orders.get_payment", order_id=payment.order_id, payment_id=payment.id)
    return payment, 201, {"Location": place}


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


@blueprint.post(
    "/payments/<uuid:payment_id>/capture",
    allow=anyone,
    idempotent=True,
    remote=True,
    guest_header="Order-Access-Token",
    refuses=[Forbidden, InvalidTransition, PaymentDeclined],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(CaptureSchema)
@blueprint.response(200, PaymentSchema)
def capture_payment(headers: Headers, body: dict[str, Any], payment_id: UUID) -> Remote[Any]:
    """Capture an authorized payment, or a part of it

    Requires the permission orders.write.
    """
    request = services.CaptureRequest(payment_id, body.get("amount"), caller(headers))
    return Remote(request.begin, request.call, request.finish)


@blueprint.post(
    "/payments/<uuid:payment_id>/void",
    allow=anyone,
    idempotent=True,
    remote=True,
    guest_header="Order-Access-Token",
    refuses=[Forbidden, InvalidTransition],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.response(200, PaymentSchema)
def void_payment(headers: Headers, payment_id: UUID) -> Remote[Any]:
    """Close a payment that is not captured

    Owners may until it is authorized, for example to pay otherwise. Its provider may answer that
    it was captured meanwhile.
    """
    request = services.VoidRequest(payment_id, caller(headers))
    return Remote(request.begin, request.call, request.finish)
