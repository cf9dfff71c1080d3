"""Fulfilments: parcels and other deliveries of an order's units."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mercato_kit import db
from mercato_orders.models.base import Base, one_of
from mercato_orders.models.orders import Line, Order

PARCEL_STATUSES = ("pending", "shipped", "delivered", "canceled")
"""States of a fulfilment; ``pending`` while its capture runs."""


class Fulfillment(db.Aggregate, Base):
    """Units of an order that are sent together."""

    __tablename__ = "orders_fulfillment"
    __table_args__ = (
        sa.CheckConstraint(one_of("status", PARCEL_STATUSES), name="status_known"),
        sa.UniqueConstraint("order_id", "sequence"),
    )

    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Order.id))
    sequence: Mapped[int] = mapped_column(doc="Number among the order's, from 1")
    status: Mapped[str] = mapped_column(sa.String(20))
    tracking_company: Mapped[str | None] = mapped_column(sa.String(100))
    tracking_number: Mapped[str | None] = mapped_column(sa.String(100))
    shipped_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]

    lines: Mapped[list["FulfillmentLine"]] = relationship(
        order_by="FulfillmentLine.line_id", lazy="raise_on_sql", viewonly=True
    )


class FulfillmentLine(Base):
    """Units of a line in a fulfilment."""

    __tablename__ = "orders_fulfillment_line"
    __table_args__ = (sa.CheckConstraint("quantity > 0", name="quantity_positive"),)

    fulfillment_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Fulfillment.id), primary_key=True)
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Line.id), primary_key=True)
    quantity: Mapped[int]
