"""The naive twin: the shop's main routes as one would write them with Flask, entities and schemas.

It uses the features' tables and schemas and none of their algorithms: Flask-SQLAlchemy entities are
loaded with their collections and dumped by marshmallow; an order is the whole algorithm, with its
idempotency key, locks, ledger and outbox. Answers equal those of the shop.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

import jwt
import marshmallow as ma
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask, Response, abort, current_app, g, jsonify, request
from flask_sqlalchemy import SQLAlchemy
from marshmallow import fields, validate
from sqlalchemy.orm import joinedload, selectinload

from mercato_kit.db import new_id, utc_now
from mercato_kit.models import IdempotencyKey, OutboxEvent
from mercato_orders.models import NUMBERS, Counter, Line, Order, OrderEvent
from mercato_orders.schemas import OrderSchema, OrderSummarySchema
from mercato_products.models import (
    DEFAULT_LOCATION_ID,
    Category,
    PriceRange,
    Product,
    ProductCategory,
    Reservation,
    ReservationLine,
    StockLevel,
    StockMovement,
    Variant,
)
from mercato_products.schemas.products import ProductSchema, ProductSummarySchema
from mercato_users.models import Role, RolePermission, Session, User, UserRole
from parts.shop import Shop

db = SQLAlchemy()
session = db.session

PRODUCT, SUMMARY = ProductSchema(), ProductSummarySchema(many=True)
ORDER, ORDERS = OrderSchema(), OrderSummarySchema(many=True)
PARTS = [
    selectinload(part)
    for part in (Order.lines, Order.adjustments, Order.payments, Order.refunds, Order.fulfillments)
]


class ListQuery(ma.Schema):
    """The query of a list."""

    limit = fields.Integer(load_default=25, validate=validate.Range(1, 100))
    category = fields.String()
    currency = fields.String(validate=validate.Length(3, 3))
    sort = fields.String(validate=validate.OneOf(["price"]))
    price_gte = fields.Integer(data_key="price[gte]", validate=validate.Range(0))


class WantedLine(ma.Schema):
    """Units of a variant."""

    variant_id = fields.UUID(required=True)
    quantity = fields.Integer(required=True, strict=True, validate=validate.Range(1, 999))


class Address(ma.Schema):
    """A postal address."""

    name, line1, city, country = (fields.String(required=True) for _ in range(4))
    line2, region, postal_code = (fields.String(allow_none=True) for _ in range(3))


class NewOrder(ma.Schema):
    """An order to place."""

    lines = fields.List(fields.Nested(WantedLine), required=True, validate=validate.Length(1, 100))
    currency = fields.String(required=True, validate=validate.Length(3, 3))
    shipping_address = fields.Nested(Address, required=True)


LIST_QUERY, NEW_ORDER = ListQuery(), NewOrder()


def make_app(shop: Shop) -> Flask:
    """Make the app on the database of a shop."""
    app = Flask("naive")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config["SQLALCHEMY_DATABASE_URI"] = shop.url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_size": 4}
    raw = base64.urlsafe_b64decode(f"{shop.public_key}=")
    app.config["PUBLIC_KEY"] = Ed25519PublicKey.from_public_bytes(raw)
    db.init_app(app)
    app.add_url_rule("/healthz", view_func=lambda: {"status": "alive"})
    app.add_url_rule("/v1/products", view_func=list_products)
    app.add_url_rule("/v1/products/<uuid:key>", view_func=get_product)
    app.add_url_rule("/v1/products/by-handle/<key>", "by_handle", view_func=get_product)
    app.add_url_rule("/v1/orders", view_func=list_orders)
    app.add_url_rule("/v1/orders/<uuid:order_id>", view_func=get_order)
    app.add_url_rule("/v1/orders", view_func=place_order, methods=["POST"])
    return app


def signed_in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Check the token of a request, and that its session and account are active."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        g.user = _authenticate(request.headers.get("Authorization", ""))
        return view(*args, **kwargs)

    return checked


def _authenticate(header: str) -> User:
    try:
        claims = jwt.decode(
            header.removeprefix("Bearer "),
            current_app.config["PUBLIC_KEY"],
            algorithms=["EdDSA"],
            options={"verify_aud": False},
        )
    except jwt.InvalidTokenError:
        abort(401)
    user: User | None = session.scalar(
        sa.select(User)
        .join(Session, Session.user_id == User.id)
        .where(
            Session.id == UUID(claims["sid"]),
            Session.user_id == UUID(claims["sub"]),
            Session.revoked_at.is_(None),
            Session.expires_at > utc_now(),
            User.status == "active",
            User.token_epoch == claims["epoch"],
        )
    )
    if user is None:
        abort(401)
    g.permissions = set(
        session.scalars(
            sa.select(RolePermission.permission)
            .join(Role, Role.id == RolePermission.role_id)
            .join(UserRole, UserRole.role_id == Role.id)
            .where(UserRole.user_id == user.id)
        )
    )
    return user


def get_product(key: UUID | str) -> Response:
    """Get a product by its id or handle."""
    column = Product.id if isinstance(key, UUID) else Product.handle
    variants = selectinload(Product.variants.and_(Variant.status == "active"))
    found = session.scalars(
        sa.select(Product)
        .where(column == key, Product.status == "active")
        .options(
            variants.joinedload(Variant.prices),
            joinedload(Product.media),
            selectinload(Product.category_links),
        )
    )
    product = found.unique().one_or_none()
    if product is None:
        abort(404)
    response = jsonify(PRODUCT.dump(product))
    response.headers["Cache-Control"] = "public, max-age=30"
    response.set_etag(str(product.version))
    response.make_conditional(request)
    return response


def list_products() -> Response:
    """List products."""
    query = LIST_QUERY.load(request.args)
    wanted = sa.select(Product).where(Product.status == "active")
    if "category" in query:
        category = session.scalar(sa.select(Category).where(Category.handle == query["category"]))
        if category is None:
            abort(404)
        inside = sa.select(Category.id).where(Category.path.startswith(category.path))
        links = sa.select(ProductCategory.product_id).where(ProductCategory.category_id.in_(inside))
        wanted = wanted.where(Product.id.in_(links))
    order: Sequence[Any] = (Product.created_at.desc(), Product.id.desc())
    if "sort" in query:
        wanted = wanted.join(PriceRange, PriceRange.product_id == Product.id).where(
            PriceRange.currency == query["currency"],
            PriceRange.max_amount >= query.get("price_gte", 0),
        )
        order = (PriceRange.min_amount, Product.id)
    variants = selectinload(Product.variants.and_(Variant.status == "active"))
    options = (selectinload(Product.media), variants.joinedload(Variant.levels))
    found = wanted.order_by(*order).limit(query["limit"] + 1).options(*options)
    products = session.scalars(found).all()
    page = products[: query["limit"]]
    ranges = _price_ranges([product.id for product in page])
    for product in page:
        product.shows_stock = True
        product.price_range = ranges.get(product.id)  # type: ignore[attr-defined]
    return _page(SUMMARY.dump(page), more=len(products) > len(page))


def _price_ranges(product_ids: Sequence[UUID]) -> Mapping[UUID, PriceRange]:
    found = session.scalars(sa.select(PriceRange).where(PriceRange.product_id.in_(product_ids)))
    return {one.product_id: one for one in found}


def _page(data: Sequence[Mapping[str, Any]], *, more: bool) -> Response:
    cursor = None
    if more:
        last = json.dumps([data[-1]["created_at"], data[-1]["id"]])
        cursor = base64.urlsafe_b64encode(last.encode()).decode()
    return jsonify({"data": data, "has_more": more, "next_cursor": cursor})


@signed_in
def list_orders() -> Response:
    """List the customer's orders."""
    limit = LIST_QUERY.load(request.args)["limit"]
    wanted = sa.select(Order).order_by(Order.created_at.desc(), Order.id.desc()).limit(limit + 1)
    if "orders.read" not in g.permissions:
        wanted = wanted.where(Order.customer_id == g.user.id)
    orders = session.scalars(wanted).all()
    return _page(ORDERS.dump(orders[:limit]), more=len(orders) > limit)


@signed_in
def get_order(order_id: UUID) -> Response:
    """Get an order with its lines and payments."""
    wanted = sa.select(Order).where(Order.id == order_id)
    if "orders.read" not in g.permissions:
        wanted = wanted.where(Order.customer_id == g.user.id)
    order = session.scalar(wanted.options(*PARTS))
    if order is None:
        abort(404)
    response = jsonify(ORDER.dump(order))
    response.set_etag(str(order.version))
    return response


@signed_in
def place_order() -> Any:
    """Place an order once for each Idempotency-Key."""
    user: User = g.user
    scope, key = f"{user.id} POST /v1/orders", request.headers["Idempotency-Key"]
    body = request.get_json()
    fingerprint = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    stored = session.get(IdempotencyKey, (scope, key))
    if stored is not None:
        if stored.request_hash != fingerprint:
            abort(422)
        return Response(stored.response_body, stored.response_status, mimetype="application/json")
    now = utc_now()
    kept = IdempotencyKey(scope=scope, key=key, request_hash=fingerprint, created_at=now)
    kept.expires_at = now + timedelta(hours=24)
    session.add(kept)
    session.flush()
    order = _make_order(NEW_ORDER.load(body), user)
    response = jsonify(ORDER.dump(order))
    response.status_code = 201
    response.headers["Location"] = f"/v1/orders/{order.id}"
    kept.response_status, kept.response_body = 201, response.get_data(as_text=True)
    kept.response_headers = {"Location": response.headers["Location"]}
    session.commit()
    return response


def _make_order(new: Mapping[str, Any], user: User) -> Order:
    quantities = {line["variant_id"]: line["quantity"] for line in new["lines"]}
    variants = _variants_for_sale(list(quantities), new["currency"])
    now = utc_now()
    order = Order(
        id=new_id(),
        number=_next_number(),
        customer_id=user.id,
        customer_email=user.email_canonical,
        customer_name=f"{user.given_name} {user.family_name}",
        currency=new["currency"],
        shipping_address=new["shipping_address"],
        expires_at=now + timedelta(minutes=15),
    )
    lines = [
        _line(order, position, variants[variant_id], quantity)
        for position, (variant_id, quantity) in enumerate(quantities.items())
    ]
    order.amount_subtotal = order.amount_total = sum(line.amount_total for line in lines)
    session.add(order)
    session.flush()
    session.add_all(lines)
    _reserve(order, quantities, variants)
    session.flush()
    _announce(order, user)
    session.flush()
    reload = sa.select(Order).where(Order.id == order.id).execution_options(populate_existing=True)
    placed: Order = session.scalars(reload.options(*PARTS)).one()
    return placed


def _variants_for_sale(ids: Sequence[UUID], currency: str) -> Mapping[UUID, Variant]:
    found = session.scalars(
        sa.select(Variant)
        .join(Variant.product)
        .where(Variant.id.in_(ids), Variant.status == "active", Product.status == "active")
        .options(
            joinedload(Variant.product).selectinload(Product.media), selectinload(Variant.prices)
        )
    )
    variants = {variant.id: variant for variant in found}
    for variant_id in ids:
        prices = variants[variant_id].prices if variant_id in variants else []
        if all(price.currency != currency for price in prices):
            abort(409)
    return variants


def _next_number() -> int:
    if session.get_bind().dialect.name == "postgresql":
        return session.execute(sa.select(NUMBERS.next_value())).scalar_one()
    counter = session.get_one(Counter, "order")
    counter.value += 1
    return counter.value


def _line(order: Order, position: int, variant: Variant, quantity: int) -> Line:
    amount = next(it.unit_amount for it in variant.prices if it.currency == order.currency)
    product = variant.product
    return Line(
        order_id=order.id,
        position=position,
        product_id=product.id,
        variant_id=variant.id,
        sku=variant.sku,
        name=product.name,
        variant_name=variant.name,
        image_url=product.image_url,
        tax_code=variant.tax_code or product.tax_code,
        unit_amount=amount,
        quantity=quantity,
        amount_subtotal=amount * quantity,
        amount_total=amount * quantity,
        requires_shipping=variant.requires_shipping,
    )


def _reserve(
    order: Order, quantities: Mapping[UUID, int], variants: Mapping[UUID, Variant]
) -> None:
    tracked = [variant_id for variant_id in quantities if variants[variant_id].track_inventory]
    levels = session.scalars(
        sa.select(StockLevel)
        .where(StockLevel.variant_id.in_(tracked), StockLevel.location_id == DEFAULT_LOCATION_ID)
        .order_by(StockLevel.variant_id)
        .with_for_update()
    ).all()
    if len(levels) < len(tracked):
        abort(409)
    session.add(Reservation(reference=order.id, status="held", expires_at=order.expires_at))
    session.flush()
    for level in levels:
        quantity = quantities[level.variant_id]
        if level.available < quantity:
            abort(409)
        level.reserved += quantity
        level.version += 1
        place = {"variant_id": level.variant_id, "location_id": DEFAULT_LOCATION_ID}
        session.add(ReservationLine(reference=order.id, quantity=quantity, **place))
        movement = StockMovement(kind="reserve", reserved_delta=quantity, **place)
        movement.reference, movement.reference_type = order.id, "reservation"
        session.add(movement)


def _announce(order: Order, user: User) -> None:
    event = {"type": "order.placed", "is_public": True, "actor_type": "customer"}
    session.add(OrderEvent(order_id=order.id, actor_id=user.id, **event))
    session.add(
        OutboxEvent(
            id=new_id(),
            topic="order.placed",
            aggregate_type="order",
            aggregate_id=order.id,
            aggregate_version=order.version,
            payload={
                "order_id": str(order.id),
                "number": order.number,
                "customer_id": str(user.id),
                "currency": order.currency,
                "amount_total": order.amount_total,
            },
            created_at=utc_now(),
        )
    )
