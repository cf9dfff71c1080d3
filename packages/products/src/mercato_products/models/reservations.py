"""Stock reservations."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mercato_kit.db import utc_now
from mercato_products.models.base import Base


class Reservation(Base):
    """A reservation of units for one reference.

    ``held`` until it expires or is paid; ``committed`` when paid; ``closed`` when all units were
    shipped, or the rest was released after a partial shipment; ``released`` when all units were
    released. A release of an unknown reference inserts a ``released`` row without lines and expiry,
    which blocks a later reservation.
    """

    __tablename__ = "products_stock_reservation"
    __table_args__ = (
        sa.CheckConstraint("status IN ('held', 'committed', 'closed', 'released')", name="status"),
        sa.Index(
            "ix_products_stock_reservation_held",
            "expires_at",
            postgresql_where=sa.text("status = 'held'"),
            sqlite_where=sa.text("status = 'held'"),
        ),
        sa.Index(None, "created_at", "reference"),
    )

    reference: Mapped[UUID] = mapped_column(primary_key=True, doc="E.g. the id of the order")
    status: Mapped[str] = mapped_column(sa.String(20))
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    lines: Mapped[list["ReservationLine"]] = relationship(
        order_by="ReservationLine.variant_id", lazy="raise"
    )


class ReservationLine(Base):
    """Units of one variant at one location in a reservation."""

    __tablename__ = "products_stock_reservation_line"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("shipped >= 0", name="shipped"),
        sa.CheckConstraint("released >= 0", name="released"),
        sa.CheckConstraint("shipped + released <= quantity", name="within_quantity"),
        sa.CheckConstraint("restocked BETWEEN 0 AND shipped", name="restocked"),
        sa.Index(None, "variant_id"),
    )

    reference: Mapped[UUID] = mapped_column(
        sa.ForeignKey(Reservation.reference, name="fk_products_stock_reservation_line_reference"),
        primary_key=True,
    )
    variant_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("products_variant.id", name="fk_products_stock_reservation_line_variant_id"),
        primary_key=True,
    )
    location_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey(
            "products_location.id", name="fk_products_stock_reservation_line_location_id"
        ),
        primary_key=True,
    )
    quantity: Mapped[int]
    shipped: Mapped[int] = mapped_column(default=0)
    released: Mapped[int] = mapped_column(default=0)
    restocked: Mapped[int] = mapped_column(default=0, doc="Shipped units that were returned")
    is_tracked: Mapped[bool] = mapped_column(
        default=True,
        doc="Whether a stock level was changed; False for variants without tracked inventory",
    )

    @property
    def remaining(self) -> int:
        """Units still reserved."""
        return self.quantity - self.shipped - self.released
