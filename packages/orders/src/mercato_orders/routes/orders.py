"""Endpoints of quotes and orders."""

import re
from typing import Any
from uuid import UUID

from flask import url_for

from mercato_kit.contexts import get_request
from mercato_kit.errors import Forbidden, NotFound
from mercato_kit.http import Remote, if_match
from mercato_kit.identity import current_principal, get_principal
from mercato_kit.policies import anyone, signed_in
from mercato_kit.views import Shown
from mercato_orders import services
from mercato_orders.access import Caller, access_token_of
from mercato_orders.errors import (
    AmountTooLarge,
    DiscountGone,
    DiscountNotApplicable,
    InsufficientStock,
    InvalidTransition,
    NoMethodAvailable,
    PriceChanged,
    ProviderFault,
    ProviderUnavailable,
    QuantityExceedsRemaining,
    UnknownDiscountCode,
    UnknownShippingMethod,
    VariantUnavailable,
)
from mercato_orders.routes.blueprint import ORDER, Headers, blueprint, caller
from mercato_orders.schemas import (
    AccessHeadersSchema,
    CancellationSchema,
    ClaimSchema,
    NewOrderSchema,
    OrderChangesSchema,
    OrderListSchema,
    OrderQuerySchema,
    OrderSchema,
    PlacedOrderSchema,
    QuoteSchema,
    WantedQuoteSchema,
)
from mercato_orders.values import Cancellation, NewOrder

_LANGUAGE = re.compile(r"(?=.{2,35}\Z)[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")

PRICING = (
    VariantUnavailable,
    UnknownShippingMethod,
    NoMethodAvailable,
    UnknownDiscountCode,
    DiscountNotApplicable,
    AmountTooLarge,
    ProviderFault,
    ProviderUnavailable,
)
"""Problems of a quote, which an order that is placed has, too."""


def _locale() -> str | None:
    """Return the language that the client prefers (BCP 47)."""
    best = get_request().accept_languages.best
    return best if best and _LANGUAGE.fullmatch(best) else None


@blueprint.post(
    "/orders/quote",
    allow=anyone,
    prepare=lambda new: services.prepare_quote(new, current_principal),
    refuses=PRICING,
)
@blueprint.arguments(WantedQuoteSchema)
@blueprint.response(200, QuoteSchema)
def quote_order(wanted: NewOrder, prepared: services.Inquiry | None) -> services.Quotation:
    """Price an order without placing it"""
    return services.quote_order(wanted, current_principal, prepared)


@blueprint.post(
    "/orders",
    allow=anyone,
    idempotent=True,
    guest_scope="email",
    unstored={"access_token": access_token_of},
    prepare=lambda new: services.prepare_order(new, current_principal),
    refuses=[*PRICING, InsufficientStock, PriceChanged, DiscountGone],
)
@blueprint.arguments(NewOrderSchema)
@blueprint.response(201, PlacedOrderSchema)
def place_order(
    new: NewOrder, prepared: services.Inquiry | None
) -> tuple[Shown, int, dict[str, str]]:
    """Place an order"""
    order = services.place_order(new, get_principal(), locale=_locale(), inquiry=prepared)
    return order, 201, {"Location": url_for("orders.get_order", order_id=order.content["id"])}


@blueprint.get("/orders", allow=signed_in, expands=ORDER)
@blueprint.arguments(OrderQuerySchema, location="query")
@blueprint.response(200, OrderListSchema)
def list_orders(query: dict[str, Any]) -> Shown:
    """List the caller's orders, or all orders with the permission orders.read"""
    return services.list_orders(query, query.pop("page"), Caller(get_principal()))


@blueprint.get("/orders/<uuid:order_id>", allow=anyone, expands=ORDER)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.response(200, OrderSchema)
def get_order(headers: Headers, order_id: UUID) -> Shown:
    """Get an order with its lines and payments"""
    return services.find_order(order_id, caller(headers))


@blueprint.patch(
    "/orders/<uuid:order_id>",
    allow=anyone,
    if_match=True,
    refuses=[Forbidden, InvalidTransition],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(OrderChangesSchema)
@blueprint.response(200, OrderSchema)
def change_order(headers: Headers, changes: dict[str, Any], order_id: UUID) -> Shown:
    """Change the note, the address or the metadata of an order"""
    return services.change_order(order_id, changes, caller(headers), versions=if_match())


@blueprint.post("/orders/claim", allow=signed_in, idempotent=True, refuses=[Forbidden, NotFound])
@blueprint.arguments(ClaimSchema)
@blueprint.response(200, OrderSchema)
def claim_order(body: dict[str, Any]) -> Shown:
    """Put an order that was placed as a guest into the caller's account"""
    return services.claim_order(body["number"], body["access_token"], current_principal)


@blueprint.post(
    "/orders/<uuid:order_id>/cancel",
    allow=anyone,
    idempotent=True,
    remote=True,
    guest_header="Order-Access-Token",
    refuses=[Forbidden, InvalidTransition, QuantityExceedsRemaining],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(CancellationSchema)
@blueprint.response(200, OrderSchema)
def cancel_order(headers: Headers, wanted: Cancellation, order_id: UUID) -> Remote[Any]:
    """Cancel an order, or units of it

    Owners cancel an order until it is paid. What was paid is given back.
    """
    request = services.CancelRequest(order_id, wanted, caller(headers))
    return Remote(request.begin, request.call, request.finish)
