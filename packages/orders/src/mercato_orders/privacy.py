"""Export and erase the personal data of a customer."""

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from mercato_kit.db import locked, refreshed, session
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns
from mercato_orders.models import (
    Adjustment,
    Capture,
    Counter,
    Fulfillment,
    Line,
    Order,
    OrderEvent,
    Payment,
    PaymentEvent,
    PendingGiveBack,
    Refund,
    RefundLine,
    SearchWord,
)
from mercato_orders.schemas import OrderSchema
from mercato_orders.timeline import FREE_TEXT, NOTE
from mercato_orders.values import StoredAddress


def export(subject: Subject) -> Iterator[Part]:
    """Give a customer's orders, oldest first, in the format of the API, and the notes on them."""
    statement = sa.select(Order).where(_orders_of(subject)).order_by(Order.id)
    parts = [
        *map(selectinload, (Order.lines, Order.adjustments, Order.payments)),
        selectinload(Order.refunds).selectinload(Refund.lines),
        selectinload(Order.fulfillments).selectinload(Fulfillment.lines),
    ]
    schema = OrderSchema(many=True)  # type: ignore[no-untyped-call]  # marshmallow leaves it out
    yield Part("orders", schema.dump(session.scalars(statement.options(*parts)).all()))
    notes = session.scalars(_entries_of(subject, [NOTE]))
    yield Part("notes", [_note(entry) for entry in notes])


def erase(subject: Subject) -> Erased:
    """Erase the personal data in a customer's orders.

    Amounts, numbers, lines and the countries of the addresses stay, for accounting.
    """
    statement = sa.select(Order).where(_orders_of(subject)).order_by(Order.id)
    orders = session.scalars(refreshed(locked(statement))).all()
    for order in orders:
        order.customer_email = order.customer_email_key = None
        order.customer_name = None
        order.shipping_address = _country_of(order.shipping_address)
        order.billing_address = _country_of(order.billing_address)
        order.note = order.tax_id = order.locale = None
        order.cancel_reason = None
        order.metadata_ = {}
        order.search_words = []
    for entry in session.scalars(_entries_of(subject, FREE_TEXT)):
        entry.data = {}
    session.flush()
    _erase_parts(subject)
    return Erased([order.id for order in orders], {"orders": len(orders)})


PERSONAL_DATA = PersonalData(
    columns=columns(
        erase=[
            Order.customer_email,
            Order.customer_email_key,
            Order.customer_name,
            Order.guest_token_hash,
            Order.tax_id,
            Order.locale,
            Order.shipping_address,
            Order.billing_address,
            Order.note,
            Order.cancel_reason,
            Order.search_words,
            Order.metadata_,
            OrderEvent.data,
            Fulfillment.tracking_number,
            Fulfillment.metadata_,
            Payment.next_action,
            Payment.snapshot,
            Payment.last_error,
            PaymentEvent.body,
            PaymentEvent.snapshot,
            PaymentEvent.last_error,
            Capture.last_error,
            Refund.reason,
            Refund.last_error,
            SearchWord.word,
        ],
        keep=[
            Order.status,
            Order.payment_status,
            Order.fulfillment_status,
            Order.currency,
            Order.shipping_method,
            Order.discount_providers,
            OrderEvent.type,
            OrderEvent.actor_type,
            Fulfillment.status,
            Fulfillment.tracking_company,
            Line.sku,
            Line.name,
            Line.variant_name,
            Line.image_url,
            Line.tax_code,
            Adjustment.kind,
            Adjustment.target,
            Adjustment.provider,
            Adjustment.code,
            Adjustment.reduction_id,
            Adjustment.label,
            Adjustment.reason,
            Payment.provider,
            Payment.provider_payment_id,
            Payment.status,
            Payment.capture,
            Payment.error_code,
            Payment.attention,
            PaymentEvent.provider,
            PaymentEvent.event_id,
            PaymentEvent.type,
            Capture.status,
            Capture.provider_capture_id,
            Capture.error_code,
            Refund.source,
            Refund.status,
            Refund.provider_refund_id,
            Refund.error_code,
            RefundLine.kind,
            PendingGiveBack.provider,
        ],
        none=[Counter.name],
    ),
    export=export,
    erase=erase,
)


def _orders_of(subject: Subject) -> sa.ColumnElement[bool]:
    """Return the condition that an order is the customer's."""
    own = Order.id.in_(subject.refs_of("orders.order"))
    return own if subject.account is None else sa.or_(own, Order.customer_id == subject.account)


def _erase_parts(subject: Subject) -> None:
    """Erase what parts of orders say of a person: tracking numbers, reasons, messages."""
    orders = sa.select(Order.id).where(_orders_of(subject))
    payments = sa.select(Payment.id).where(Payment.order_id.in_(orders))
    for statement in (
        sa.update(Fulfillment).where(Fulfillment.order_id.in_(orders)).values(tracking_number=None),
        sa.update(Refund).where(Refund.order_id.in_(orders)).values(reason=None),
        sa.update(PaymentEvent).where(PaymentEvent.payment_id.in_(payments)).values(body=None),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})


def _entries_of(subject: Subject, types: Collection[str]) -> sa.Select[OrderEvent]:
    entries = sa.select(OrderEvent).join(Order, OrderEvent.order_id == Order.id)
    found = entries.where(_orders_of(subject), OrderEvent.type.in_(types))
    return found.order_by(OrderEvent.id)


def _note(entry: OrderEvent) -> dict[str, Any]:
    return {
        "order_id": str(entry.order_id),
        "text": entry.data.get("text", ""),
        "created_at": entry.created_at.isoformat(),
    }


def _country_of(address: StoredAddress | None) -> StoredAddress | None:
    return None if address is None else {"country": address["country"]}
