"""What orders hold of a person: it is exported and erased."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from mercato_kit.db import session
from mercato_kit.emails import canonical_email
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns
from mercato_kit.schemas import render_instant
from mercato_orders import services
from mercato_orders.models import (
    Adjustment,
    Capture,
    Counter,
    FiscalHold,
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
from mercato_orders.timeline import NOTE
from mercato_orders.values import email_key

_ORDER = OrderSchema()  # type: ignore[no-untyped-call]  # marshmallow leaves it out
_NAMED_BY_NUMBER = "order:"


def export(subject: Subject) -> Iterator[Part]:
    """Give a person's orders, oldest first, in the format of the API, and the notes on them.

    Notes that only staff see are the words of others, so they are counted by their time alone.
    """
    statement = sa.select(Order).where(_orders_of(subject)).order_by(Order.id)
    parts = [
        *map(selectinload, (Order.lines, Order.adjustments, Order.payments)),
        selectinload(Order.refunds).selectinload(Refund.lines),
        selectinload(Order.fulfillments).selectinload(Fulfillment.lines),
    ]
    orders = session.scalars(statement.options(*parts))
    yield Part("orders", [{**_ORDER.dump(order), "locale": order.locale} for order in orders])
    yield Part("notes", [_note(entry) for entry in session.scalars(_notes_of(subject))])


def erase(subject: Subject) -> Erased:
    """Erase a person from their orders; see :func:`mercato_orders.services.erase_orders`."""
    return services.erase_orders(_orders_of(subject))


def find(text: str) -> Subject | None:
    """Return what an operator names: ``order:1001``, or an address that guests ordered with."""
    if text.startswith(_NAMED_BY_NUMBER):
        return _by_number(text.removeprefix(_NAMED_BY_NUMBER))
    guests = Order.customer_email_key == email_key(text), Order.customer_id.is_(None)
    if "@" not in text or session.scalar(sa.select(Order.id).where(*guests).limit(1)) is None:
        return None
    return Subject(emails=frozenset({canonical_email(text)}))


PERSONAL_DATA = PersonalData(
    columns=columns(
        erase=[
            Order.customer_email,
            Order.customer_email_key,
            Order.guest_token_hash,
            Order.locale,
            Order.note,
            Order.cancel_reason,
            Order.search_words,
            Order.metadata_,
            Order.customer_name,
            Order.tax_id,
            Order.shipping_address,
            Order.billing_address,
            OrderEvent.data,
            Fulfillment.tracking_number,
            Fulfillment.metadata_,
            Payment.next_action,
            Payment.last_error,
            PaymentEvent.body,
            PaymentEvent.snapshot,
            PaymentEvent.last_error,
            Capture.last_error,
            Refund.reason,
            Refund.last_error,
            SearchWord.word,
        ],
        hold=[FiscalHold.body_sealed],
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
            Payment.snapshot,
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
    find=find,
)


def _orders_of(subject: Subject) -> sa.ColumnElement[bool]:
    """Return the condition that an order is a person's.

    Of a mailbox these are the orders of guests alone: an account's order is its owner's, also with
    another address. Those that are placed while an erasure waits for an open order stay.
    """
    conditions: list[sa.ColumnElement[bool]] = [Order.id.in_(subject.refs_of(services.ORDER))]
    if subject.account is not None:
        conditions.append(Order.customer_id == subject.account)
    if subject.emails:
        of_guests = Order.customer_email_key.in_([email_key(one) for one in subject.emails])
        until = sa.true() if subject.until is None else Order.placed_at <= subject.until
        conditions.append(sa.and_(Order.customer_id.is_(None), of_guests, until))
    return sa.or_(*conditions)


def _by_number(digits: str) -> Subject | None:
    if not digits.isdecimal() or len(digits) > 15:
        return None
    order_id = session.scalar(sa.select(Order.id).where(Order.number == int(digits)))
    return None if order_id is None else Subject(refs={services.ORDER: frozenset({order_id})})


def _notes_of(subject: Subject) -> sa.Select[OrderEvent]:
    entries = sa.select(OrderEvent).join(Order, OrderEvent.order_id == Order.id)
    return entries.where(_orders_of(subject), OrderEvent.type == NOTE).order_by(OrderEvent.id)


def _note(entry: OrderEvent) -> dict[str, Any]:
    return {
        "order_id": str(entry.order_id),
        "text": entry.data.get("text", "") if entry.is_public else None,
        "created_at": render_instant(entry.created_at),
    }
