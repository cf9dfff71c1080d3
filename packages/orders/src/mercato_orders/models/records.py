"""What happened to orders, and what is still to be done."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from mercato_kit import db
from mercato_orders.models.base import Base, one_of
from mercato_orders.models.orders import Order


class PendingGiveBack(Base):
    """Discounts of a closed order that their provider, which is not composed, has to take back."""

    __tablename__ = "orders_pending_give_back"

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id), primary_key=True)
    provider: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)


class OrderEvent(db.Identified, Base):
    """One entry of an order's timeline."""

    __tablename__ = "orders_event"
    __table_args__ = (
        sa.CheckConstraint(
            one_of("actor_type", ("customer", "guest", "staff", "system")),
            name="actor_type_known",
        ),
        sa.Index(None, "order_id", "id"),
    )

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id))
    type: Mapped[str] = mapped_column(
        sa.String(100), doc="A topic, or order.note, order.changed, order.claimed"
    )
    is_public: Mapped[bool] = mapped_column(doc="Shown to the customer")
    actor_type: Mapped[str] = mapped_column(sa.String(20))
    actor_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)
