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
    Refund,
    SearchWord,
)
from mercato_orders.schemas import (
    EventPartsSchema,
    FulfillmentSchema,
    OrderEventSchema,
    OrderSchema,
    OrderSummarySchema,
    PaymentSchema,
    RefundSchema,
)
from mercato_orders.search import SEARCHED_WORDS
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


_PERCENTS = {
    "lines.tax_rate": _percent(Line.tax_rate_ppm),
    "adjustments.rate": _percent(Adjustment.rate_ppm),
}

ORDER = View(
    OrderSchema,
    computed=_PERCENTS,
    filters={"id": Order.id == sa.bindparam("id"), "owner": _OWN},
)

EXPORTED = View(
    OrderSchema,
    computed=_PERCENTS,
    filters=comparisons(Order.created_at),
    sorts={"created_at": Order.created_at},
    id=Order.id,
)
"""Orders for files."""

PARTS = View(EventPartsSchema, filters={"id": Order.id == sa.bindparam("id")})
"""What events have of an order's lines and adjustments."""

_ENDS = ("", "_end")


def _begins(place: int) -> sa.ColumnElement[bool]:
    """Select the orders with a word that begins with one of a search."""
    first, last = (sa.bindparam(f"word{place}{end}", type_=SearchWord.word.type) for end in _ENDS)
    return Order.id.in_(sa.select(SearchWord.order_id).where(SearchWord.word.between(first, last)))


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
        "number_is": Order.number == sa.bindparam("number_is"),
        "email_is": Order.customer_email_key == sa.bindparam("email_is"),
        **{f"word{place}": _begins(place) for place in range(SEARCHED_WORDS)},
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

REFUNDS = View(
    RefundSchema,
    filters={
        "order": Refund.order_id == sa.bindparam("order"),
        "id": Refund.id == sa.bindparam("id"),
    },
    sorts={"created_at": Refund.created_at},
    id=Refund.id,
)
