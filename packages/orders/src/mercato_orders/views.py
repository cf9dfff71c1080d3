"""What is shown of orders: one statement each."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_kit.reads import Read
from mercato_kit.views import View, any_of, comparisons
from mercato_orders.models import (
    Adjustment,
    Fulfillment,
    Line,
    Order,
    OrderEvent,
    Payment,
)
from mercato_orders.schemas import (
    EventPartsSchema,
    FulfillmentSchema,
    OrderEventSchema,
    OrderSchema,
    OrderSummarySchema,
    PaymentSchema,
)
from mercato_orders.values import PPM_OF_A_PERCENT

_OWN = sa.or_(
    Order.customer_id == sa.bindparam("customer"),
    sa.and_(Order.customer_id.is_(None), Order.guest_token_hash == sa.bindparam("token_hash")),
)
"""The orders of a customer, and the guest's order of a token."""

SEEN = Read(
    sa.select(Order.id).where(
        Order.id == sa.bindparam("id"),
        sa.or_(sa.bindparam("all", type_=sa.Boolean()), _OWN),
    )
)
"""Whether an order exists, and the caller may see it."""


def _percent(ppm: InstrumentedAttribute[Any]) -> sa.ColumnElement[str]:
    """Select what :func:`mercato_orders.models.percent` returns."""
    whole = sa.cast(ppm // PPM_OF_A_PERCENT, sa.String)
    decimals = sa.func.substr(sa.cast(PPM_OF_A_PERCENT + ppm % PPM_OF_A_PERCENT, sa.String), 2)
    trimmed = sa.func.rtrim(whole + "." + decimals, "0")
    return sa.func.rtrim(trimmed, ".", type_=sa.String)


ORDER = View(
    OrderSchema,
    computed={
        "lines.tax_rate": _percent(Line.tax_rate_ppm),
        "adjustments.rate": _percent(Adjustment.rate_ppm),
    },
    filters={"id": Order.id == sa.bindparam("id"), "owner": _OWN},
)

PARTS = View(EventPartsSchema, filters={"id": Order.id == sa.bindparam("id")})
"""What events have of an order's lines and adjustments."""

ORDERS = View(
    OrderSummarySchema,
    filters={
        "customer": Order.customer_id == sa.bindparam("customer"),
        "status": any_of(Order.status, "status"),
        "payment_status": any_of(Order.payment_status, "payment_status"),
        "fulfillment_status": any_of(Order.fulfillment_status, "fulfillment_status"),
        **comparisons(
            Order.customer_id,
            Order.customer_email_key,
            Order.number,
            Order.created_at,
            Order.amount_total,
        ),
    },
    sorts={
        "created_at": Order.created_at,
        "number": Order.number,
        "amount_total": Order.amount_total,
    },
    id=Order.id,
)

EVENTS = View(
    OrderEventSchema,
    filters={
        "order": OrderEvent.order_id == sa.bindparam("order"),
        "public": OrderEvent.is_public,
    },
    sorts={"created_at": OrderEvent.created_at},
    id=OrderEvent.id,
)

PAYMENTS = View(
    PaymentSchema,
    filters={
        "order": Payment.order_id == sa.bindparam("order"),
        "id": Payment.id == sa.bindparam("id"),
    },
    sorts={"created_at": Payment.created_at},
    id=Payment.id,
)

FULFILLMENTS = View(
    FulfillmentSchema,
    filters={
        "order": Fulfillment.order_id == sa.bindparam("order"),
        "id": Fulfillment.id == sa.bindparam("id"),
        "owner": sa.exists().where(Order.id == Fulfillment.order_id, _OWN),
    },
    sorts={"created_at": Fulfillment.created_at},
    id=Fulfillment.id,
)
