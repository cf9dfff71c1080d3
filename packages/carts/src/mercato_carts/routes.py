"""Endpoints of carts.

Guests may call most of them. The services check access in their queries, so that a cart of someone
else answers 404.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import url_for

from mercato_carts import services
from mercato_carts.access import Caller
from mercato_carts.errors import (
    CartClosed,
    CartEmpty,
    CartFull,
    CheckoutRefused,
    VariantUnavailable,
)
from mercato_carts.glossary import GLOSSARY
from mercato_carts.models import Cart
from mercato_carts.schemas import (
    AccessHeadersSchema,
    CartOrderSchema,
    CartSchema,
    CheckoutSchema,
    CodesSchema,
    MergeSchema,
    NewCartSchema,
    OpenedCartSchema,
    QuantitySchema,
    UnitsSchema,
    WishesSchema,
)
from mercato_carts.values import Checkout, ShownCart, Wishes
from mercato_contracts.orders import Placed
from mercato_kit.errors import NotFound
from mercato_kit.http import Blueprint
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, signed_in

blueprint = Blueprint(
    "carts",
    __name__,
    url_prefix="/v1",
    description="Carts of guests and customers",
    glossary=GLOSSARY,
)

Headers = Mapping[str, str]


def _caller(headers: Headers) -> Caller:
    return Caller(current_principal, headers.get("access_token"))


def _show(
    cart: Cart, wishes: Wishes | None = None, prepared: services.Price | None = None
) -> ShownCart:
    return services.show_cart(cart, current_principal, wishes, prepared)


def _prepare(
    headers: Headers, wishes: Wishes | None = None, *, cart_id: UUID
) -> services.Price | None:
    return services.prepare_price(cart_id, _caller(headers), wishes)


@blueprint.post("/carts", allow=anyone)
@blueprint.arguments(NewCartSchema)
@blueprint.response(201, OpenedCartSchema)
def open_cart(body: dict[str, Any]) -> tuple[ShownCart, int, dict[str, str]]:
    """Open a cart; a customer who has an open one gets that"""
    cart, token = services.open_cart(body["currency"], current_principal)
    shown = dataclasses.replace(_show(cart), access_token=token)
    return shown, 201, {"Location": url_for(".get_cart", cart_id=cart.id)}


@blueprint.post("/carts/merge", allow=signed_in, refuses=[CartClosed, CartFull, NotFound])
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(MergeSchema)
@blueprint.response(200, CartSchema)
def merge_cart(headers: Headers, body: dict[str, Any]) -> ShownCart:
    """Merge a guest's cart into the caller's"""
    return _show(services.merge_cart(body["cart_id"], _caller(headers)))


@blueprint.get("/carts/<uuid:cart_id>", allow=anyone, prepare=_prepare)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.response(200, CartSchema)
def get_cart(headers: Headers, cart_id: UUID, prepared: services.Price | None) -> ShownCart:
    """Get a cart with its price now"""
    return _show(services.find_cart(cart_id, _caller(headers)), prepared=prepared)


@blueprint.post("/carts/<uuid:cart_id>/quote", allow=anyone, prepare=_prepare)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(WishesSchema)
@blueprint.response(200, CartSchema)
def quote_cart(
    headers: Headers, wishes: Wishes, cart_id: UUID, prepared: services.Price | None
) -> ShownCart:
    """Price a cart for an address, a shipping method and a tax id"""
    return _show(services.find_cart(cart_id, _caller(headers)), wishes, prepared)


@blueprint.post(
    "/carts/<uuid:cart_id>/lines",
    allow=anyone,
    idempotent=True,
    guest_header="Cart-Token",
    refuses=[CartClosed, CartFull, VariantUnavailable],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(UnitsSchema)
@blueprint.response(200, CartSchema)
def add_units(headers: Headers, body: dict[str, Any], cart_id: UUID) -> ShownCart:
    """Add units of a variant"""
    return _show(services.add_units(cart_id, **body, caller=_caller(headers)))


@blueprint.put(
    "/carts/<uuid:cart_id>/lines/<uuid:variant_id>",
    allow=anyone,
    refuses=[CartClosed, CartFull, VariantUnavailable],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(QuantitySchema)
@blueprint.response(200, CartSchema)
def set_quantity(
    headers: Headers, body: dict[str, Any], cart_id: UUID, variant_id: UUID
) -> ShownCart:
    """Set the units of a variant, and take its price now as seen"""
    return _show(services.set_quantity(cart_id, variant_id, body["quantity"], _caller(headers)))


@blueprint.delete(
    "/carts/<uuid:cart_id>/lines/<uuid:variant_id>", allow=anyone, refuses=[CartClosed]
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.response(200, CartSchema)
def remove_line(headers: Headers, cart_id: UUID, variant_id: UUID) -> ShownCart:
    """Remove a variant"""
    return _show(services.remove_line(cart_id, variant_id, _caller(headers)))


@blueprint.put("/carts/<uuid:cart_id>/codes", allow=anyone, refuses=[CartClosed])
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(CodesSchema)
@blueprint.response(200, CartSchema)
def set_codes(headers: Headers, body: dict[str, Any], cart_id: UUID) -> ShownCart:
    """Set the discount codes; those that do not apply are kept"""
    return _show(services.set_codes(cart_id, body["codes"], _caller(headers)))


@blueprint.post(
    "/carts/<uuid:cart_id>/checkout",
    allow=anyone,
    prepare=_prepare,
    refuses=[CartClosed, CartEmpty, CheckoutRefused],
)
@blueprint.arguments(AccessHeadersSchema, location="headers")
@blueprint.arguments(CheckoutSchema)
@blueprint.response(200, CartOrderSchema)
def check_out(
    headers: Headers, checkout: Checkout, cart_id: UUID, prepared: services.Price | None
) -> Placed:
    """Order a cart, or get the order that was placed from it"""
    return services.check_out(cart_id, checkout, _caller(headers), prepared)
