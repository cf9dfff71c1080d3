"""Payments, their captures, and the events that providers send."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mercato_kit import db
from mercato_kit.leases import Leased
from mercato_orders.models.base import (
    CHECK_AFTER,
    Amount,
    Base,
    Checked,
    one_of,
    partial_index,
)
from mercato_orders.models.fulfillments import Fulfillment
from mercato_orders.models.orders import Order

IN_FLIGHT = ("processing", "requires_action", "authorized")
"""Statuses of a payment that may still be captured."""
ACTIVE = (*IN_FLIGHT, "captured")
"""Statuses of a payment that prevent a second payment."""
CAPTURE_STATUSES = ("pending", "succeeded", "failed")
ATTENTION = (
    "errors",
    "no_answer",
    "overdue",
    "mismatch",
    "refund_refused",
    "refund_failed",
    "void_refused",
    "capture_refused",
    "misconfigured",
)
"""Why an operator has to look at a payment."""
TO_CHECK = (
    "status IN ('processing', 'requires_action') "
    "OR (void_requested_at IS NOT NULL AND status IN ('authorized', 'refund_due'))"
)
"""The payments that their provider is asked about."""


class Payment(db.Identified, Checked, Base):
    """One attempt to pay an order."""

    __tablename__ = "orders_payment"
    __table_args__ = (
        sa.CheckConstraint(
            one_of("status", (*ACTIVE, "failed", "canceled", "refund_due", "refunded")),
            name="status_known",
        ),
        sa.CheckConstraint("amount >= 0 AND amount_refunded >= 0", name="amounts_not_negative"),
        sa.CheckConstraint("amount_captured <= amount", name="captured_within_amount"),
        sa.CheckConstraint("amount_refunded <= amount_captured", name="refunded_within_captured"),
        sa.CheckConstraint(
            "amount_capture_pending >= 0 AND amount_captured + amount_capture_pending <= amount",
            name="capture_within_amount",
        ),
        sa.CheckConstraint(
            "amount_refund_pending >= 0 "
            "AND amount_refunded + amount_refund_pending <= amount_captured",
            name="refund_within_captured",
        ),
        sa.CheckConstraint(one_of("capture", ("now", "later")), name="capture_known"),
        sa.CheckConstraint(one_of("attention", ATTENTION), name="attention_known"),
        sa.UniqueConstraint("provider", "provider_payment_id"),
        sa.Index(None, "order_id", "created_at", "id"),
        partial_index(
            "uq_orders_payment_active", "order_id", one_of("status", ACTIVE), unique=True
        ),
        partial_index("ix_orders_payment_to_check", "next_check_at", TO_CHECK),
        partial_index(
            "ix_orders_payment_authorized_until", "authorized_until", "status = 'authorized'"
        ),
        partial_index("ix_orders_payment_attention", "attention_at", "attention IS NOT NULL"),
    )

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id))
    provider: Mapped[str] = mapped_column(sa.String(50))
    provider_payment_id: Mapped[str | None] = mapped_column(sa.String(255))
    status: Mapped[str] = mapped_column(sa.String(20), default="processing")
    capture: Mapped[str] = mapped_column(
        sa.String(5), default="now", server_default="now", doc="Whether it is captured at once"
    )
    amount: Mapped[Amount]
    amount_captured: Mapped[Amount]
    amount_refunded: Mapped[Amount]
    amount_capture_pending: Mapped[Amount] = mapped_column(
        server_default="0", doc="Claimed by a capture whose outcome is open"
    )
    amount_refund_pending: Mapped[Amount] = mapped_column(
        server_default="0", doc="Claimed by refunds whose outcome is open"
    )
    error_code: Mapped[str | None] = mapped_column(sa.String(100))
    void_requested_at: Mapped[datetime | None] = mapped_column(
        doc="Since when the provider is to close it"
    )
    next_action: Mapped[dict[str, Any] | None] = mapped_column(doc="What the customer has to do")
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(doc="What the provider said last")
    authorized_until: Mapped[datetime | None] = mapped_column(doc="When the authorisation ends")
    expiry_announced_at: Mapped[datetime | None] = mapped_column(
        doc="When staff was warned that the authorisation ends"
    )
    expected_by: Mapped[datetime | None] = mapped_column(doc="When it is decided at the latest")
    attention: Mapped[str | None] = mapped_column(
        sa.String(20), doc="Why an operator has to look at it"
    )
    attention_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)

    order: Mapped[Order] = relationship(lazy="raise_on_sql", viewonly=True)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - the name SQLAlchemy reads


class Capture(db.Identified, Checked, Base):
    """One capture of an authorized payment."""

    __tablename__ = "orders_capture"
    __table_args__ = (
        sa.CheckConstraint(one_of("status", CAPTURE_STATUSES), name="status_known"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.UniqueConstraint("payment_id", "provider_capture_id"),
        partial_index("uq_orders_capture_pending", "payment_id", "status = 'pending'", unique=True),
        partial_index("ix_orders_capture_to_check", "next_check_at", "status = 'pending'"),
    )

    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Payment.id))
    fulfillment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey(Fulfillment.id))
    amount: Mapped[Amount]
    is_final: Mapped[bool] = mapped_column(doc="Whether the rest of the authorisation is given up")
    status: Mapped[str] = mapped_column(sa.String(20), default="pending")
    provider_capture_id: Mapped[str | None] = mapped_column(sa.String(255))
    error_code: Mapped[str | None] = mapped_column(sa.String(100))
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)


class PaymentEvent(Leased, Base):
    """An event that a payment provider sent: the inbox of webhooks."""

    __tablename__ = "orders_payment_event"
    __table_args__ = (
        sa.Index(None, "payment_id"),
        partial_index("ix_orders_payment_event_bodies", "received_at", "body IS NOT NULL"),
        partial_index("ix_orders_payment_event_due", "next_attempt_at", "processed_at IS NULL"),
    )

    provider: Mapped[str] = mapped_column(sa.String(50), primary_key=True)
    event_id: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    type: Mapped[str] = mapped_column(sa.String(100))
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Payment.id))
    body: Mapped[str | None] = mapped_column(sa.Text, doc="As received; None once it is old")
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(doc="The payment as the event shows it")
    received_at: Mapped[datetime] = mapped_column(default=db.utc_now)
    processed_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime] = mapped_column(default=lambda: db.utc_now() + CHECK_AFTER)
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None] = mapped_column(sa.String(500))
