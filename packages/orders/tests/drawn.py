"""Random rows of orders that the database accepts, for the test of the views."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy.orm import joinedload, selectinload

from mercato_orders.models import (
    PARCEL_STATUSES,
    Adjustment,
    Fulfillment,
    FulfillmentLine,
    Line,
    Order,
    OrderEvent,
    Payment,
    Refund,
    RefundLine,
)
from mercato_testing.views import ViewCase

START = datetime(1900, 1, 1, tzinfo=UTC)
TIMES = st.timedeltas(timedelta(), timedelta(days=365 * 399)).map(START.__add__)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=9)
JSON = st.dictionaries(TEXT, st.none() | st.booleans() | st.integers(-9, 9) | TEXT, max_size=3)
AMOUNTS = st.integers(0, 10**9)
RATES = st.integers(0, 10**7)


def maybe(strategy):
    """Return a strategy that also draws None."""
    return st.none() | strategy


@st.composite
def orders(draw):
    """Draw an order without parts."""
    subtotal, shipping, tax, rounding = (draw(AMOUNTS) for _ in range(4))
    included = draw(st.booleans())
    total = subtotal + shipping + (0 if included else tax) + rounding
    paid = draw(st.integers(0, total))
    return Order(
        **{name: draw(maybe(TIMES)) for name in ("expires_at", "paid_at", "canceled_at")},
        **{name: draw(TIMES) for name in ("placed_at", "created_at", "updated_at")},
        **{name: draw(maybe(TEXT)) for name in ("customer_email", "customer_name", "note")},
        **{name: draw(maybe(JSON)) for name in ("shipping_address", "billing_address")},
        id=draw(st.uuids()),
        number=draw(st.integers(1, 2**53 - 1)),
        customer_id=draw(maybe(st.uuids())),
        cancel_reason=draw(maybe(TEXT)),
        metadata_=draw(JSON),
        currency="EUR",
        amount_subtotal=subtotal,
        amount_shipping=shipping,
        amount_tax=tax,
        amount_rounding=rounding,
        amount_total=total,
        amount_paid=paid,
        amount_refunded=draw(st.integers(0, paid)),
        tax_included=included,
        tax_id=draw(maybe(TEXT)),
        shipping_method=draw(maybe(TEXT)),
    )


@st.composite
def with_parts(draw):
    """Draw an order, its lines, adjustments and payments."""
    order = draw(orders())
    of = draw(lines(order))
    paid = draw(payments(order))
    return [
        order,
        *of,
        *draw(adjustments(order, of)),
        *paid,
        *draw(refunds(paid, of)),
        *draw(parcels(order, of)),
    ]


@st.composite
def lines(draw, order):
    """Draw the lines of an order."""
    variants = draw(st.lists(st.uuids(), max_size=3, unique=True))
    unit, quantity, tax = draw(AMOUNTS), draw(st.integers(1, 99)), draw(AMOUNTS)
    return [
        Line(
            **{name: draw(TEXT) for name in ("sku", "name", "variant_name")},
            id=draw(st.uuids()),
            order_id=order.id,
            position=position,
            product_id=draw(st.uuids()),
            variant_id=variant,
            image_url=draw(maybe(TEXT)),
            unit_amount=unit,
            quantity=quantity,
            amount_subtotal=unit * quantity,
            tax_rate_ppm=draw(RATES),
            amount_tax=tax,
            amount_total=unit * quantity + tax,
            requires_shipping=draw(st.booleans()),
        )
        for position, variant in enumerate(variants)
    ]


@st.composite
def adjustments(draw, order, of):
    """Draw adjustments of an order and its lines."""
    kinds = draw(st.lists(st.sampled_from(["discount", "shipping", "tax"]), max_size=3))
    lines = [draw(st.sampled_from([None, *of])) for _ in kinds]
    return [
        Adjustment(
            **{name: draw(maybe(TEXT)) for name in ("code", "reduction_id", "reason")},
            **{name: draw(TEXT) for name in ("provider", "label")},
            id=draw(st.uuids()),
            order_id=order.id,
            line_id=line and line.id,
            kind=kind,
            target="line" if line else "shipping",
            amount=-1 - draw(AMOUNTS) if kind == "discount" else draw(AMOUNTS),
            rate_ppm=draw(RATES) if kind == "tax" else None,
        )
        for kind, line in zip(kinds, lines, strict=True)
    ]


@st.composite
def payments(draw, order):
    """Draw payments of an order; one may be active."""
    statuses = draw(st.lists(st.sampled_from(["failed", "canceled"]), max_size=2))
    return [
        Payment(
            id=draw(st.uuids()),
            order_id=order.id,
            provider="manual",
            provider_payment_id=draw(maybe(st.uuids().map(str))),
            status=status,
            amount=draw(AMOUNTS),
            error_code=draw(maybe(TEXT)),
            created_at=draw(TIMES),
        )
        for status in [*statuses, *draw(st.sampled_from([[], ["captured"]]))]
    ]


@st.composite
def refunds(draw, paid, of):
    """Draw refunds of payments, with the lines that they give the money back for."""
    made = [
        Refund(
            id=draw(st.uuids()),
            order_id=payment.order_id,
            payment_id=payment.id,
            source="staff",
            amount=1 + draw(AMOUNTS),
            reason=draw(maybe(TEXT)),
            error_code=draw(maybe(TEXT)),
            created_at=draw(TIMES),
        )
        for payment in paid
    ]
    kinds = st.lists(st.sampled_from(["returned", "kept"]), unique=True)
    parts = [
        RefundLine(refund_id=one.id, line_id=line.id, kind=kind, quantity=1, amount=draw(AMOUNTS))
        for one in made
        for line in of
        for kind in draw(kinds)
    ]
    return [*made, *parts]


@st.composite
def parcels(draw, order, of):
    """Draw fulfilments of an order, with their lines."""
    made = [
        Fulfillment(
            **{name: draw(maybe(TEXT)) for name in ("tracking_company", "tracking_number")},
            **{name: draw(maybe(TIMES)) for name in ("shipped_at", "delivered_at", "canceled_at")},
            **{name: draw(TIMES) for name in ("created_at", "updated_at")},
            id=draw(st.uuids()),
            order_id=order.id,
            sequence=sequence,
            status=draw(st.sampled_from(PARCEL_STATUSES)),
        )
        for sequence in range(1, draw(st.integers(1, 3)))
    ]
    parts = [
        FulfillmentLine(fulfillment_id=one.id, line_id=line.id, quantity=draw(st.integers(1, 9)))
        for one in made
        for line in of
    ]
    return [*made, *parts]


@st.composite
def with_parcel(draw):
    """Draw a fulfilment after its order and lines."""
    order = draw(orders())
    of = draw(lines(order))
    return [order, *of, *draw(parcels(order, of).filter(len))]


@st.composite
def with_payments(draw):
    """Draw a payment after its order."""
    order = draw(orders())
    return [order, *draw(payments(order).filter(len))][:2]


@st.composite
def with_refund(draw):
    """Draw a refund with its lines, after its order and payment."""
    order = draw(orders())
    of, paid = draw(lines(order)), draw(payments(order).filter(len))[:1]
    return [order, *of, *paid, *draw(refunds(paid, of))]


@st.composite
def with_event(draw):
    """Draw an entry of a timeline after its order."""
    order = draw(orders())
    event = OrderEvent(
        id=draw(st.uuids()),
        order_id=order.id,
        type=draw(TEXT),
        is_public=draw(st.booleans()),
        actor_type="system",
        data=draw(JSON),
        created_at=draw(TIMES),
    )
    return [order, event]


def of_order(part):
    """Return what a part of an order is found by: its order."""
    return {"order": part.order_id}


def of_time(order):
    """Return what an order is exported by."""
    return {"created_at": order.created_at}


ORDER = ViewCase(
    with_parts(),
    options=[
        selectinload(Order.lines),
        selectinload(Order.adjustments),
        selectinload(Order.payments).joinedload(Payment.order),
        selectinload(Order.refunds).joinedload(Refund.order),
        selectinload(Order.refunds).selectinload(Refund.lines),
        selectinload(Order.fulfillments).selectinload(Fulfillment.lines),
    ],
)

VIEW_CASES = {
    "ORDER": ORDER,
    "EXPORTED": replace(ORDER, values=of_time),
    "PARTS": ViewCase(
        with_parts(), options=[selectinload(Order.lines), selectinload(Order.adjustments)]
    ),
    "ORDERS": ViewCase(
        orders().map(lambda order: [order]), values=lambda row: {"number": row.number}
    ),
    "PAYMENTS": ViewCase(with_payments(), values=of_order, options=[joinedload(Payment.order)]),
    "REFUNDS": ViewCase(
        with_refund(),
        values=of_order,
        options=[joinedload(Refund.order), selectinload(Refund.lines)],
    ),
    "FULFILLMENTS": ViewCase(with_parcel(), options=[selectinload(Fulfillment.lines)]),
    "EVENTS": ViewCase(with_event(), values=of_order),
}
