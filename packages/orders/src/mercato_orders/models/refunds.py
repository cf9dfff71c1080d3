"""Refunds of payments."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mercato_kit import db
from mercato_orders.models.base import Amount, Base, Checked, one_of, partial_index
from mercato_orders.models.orders import Line, Order
from mercato_orders.models.payments import Payment

REFUND_STATUSES = ("pending", "succeeded", "failed", "canceled")
REFUND_SOURCES = ("staff", "cancel", "late_payment", "dashboard")
"""Where a refund comes from; ``dashboard``: it was made at the provider."""
REFUND_KINDS = ("returned", "kept", "canceled")
"""What becomes of the units of a refund."""


class Refund(db.Identified, Checked, Base):
    """Money that goes back to the customer."""

    __tablename__ = "orders_refund"
    __table_args__ = (
        sa.CheckConstraint(one_of("status", REFUND_STATUSES), name="status_known"),
        sa.CheckConstraint(one_of("source", REFUND_SOURCES), name="source_known"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint(
            "amount_tax >= 0 AND amount_tax <= amount "
            "AND amount_shipping >= 0 AND amount_shipping <= amount",
            name="parts_within_amount",
        ),
        sa.UniqueConstraint("payment_id", "provider_refund_id"),
        sa.UniqueConstraint("order_id", "sequence"),
        partial_index("ix_orders_refund_to_check", "next_check_at", "status = 'pending'"),
    )

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id))
    payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Payment.id))
    sequence: Mapped[int | None] = mapped_column(doc="Number among the order's; None if imported")
    source: Mapped[str] = mapped_column(sa.String(20))
    amount: Mapped[Amount]
    amount_tax: Mapped[Amount] = mapped_column(doc="Part of the amount")
    amount_shipping: Mapped[Amount] = mapped_column(doc="Part of the amount, with its tax")
    reason: Mapped[str | None] = mapped_column(sa.String(500))
    status: Mapped[str] = mapped_column(sa.String(20), default="pending")
    provider_refund_id: Mapped[str | None] = mapped_column(sa.String(255))
    error_code: Mapped[str | None] = mapped_column(sa.String(100))
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=db.utc_now, onupdate=db.utc_now)

    order: Mapped[Order] = relationship(lazy="raise_on_sql", viewonly=True)
    lines: Mapped[list["RefundLine"]] = relationship(
        order_by=lambda: (RefundLine.line_id, RefundLine.kind), lazy="raise_on_sql", viewonly=True
    )


class RefundLine(Base):
    """Units of a line that a refund gives the money back for."""

    __tablename__ = "orders_refund_line"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", REFUND_KINDS), name="kind_known"),
        sa.CheckConstraint("quantity > 0 AND amount >= 0", name="values_not_negative"),
    )

    refund_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Refund.id), primary_key=True)
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Line.id), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    quantity: Mapped[int]
    amount: Mapped[Amount]
