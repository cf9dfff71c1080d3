"""Units promised to orders."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship

from mercato_kit.db import utc_now
from mercato_products.models.base import Base


class Reservation(Base):
    """A promise of units to one reference.

    ``held`` until it expires or is paid; ``committed`` when paid; ``closed`` when all of it was
    shipped or given up after a part was shipped; ``released`` when it was taken back, also before
    it was ever made (a tombstone: it has no lines and no expiry).
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
    """Units of one variant at one location within a promise."""

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
    restocked: Mapped[int] = mapped_column(
        default=0, doc="Units of the shipped ones that came back"
    )
    is_tracked: Mapped[bool] = mapped_column(
        default=True,
        doc="Whether a level was changed for it; False for a variant that never runs out",
    )

    @property
    def remaining(self) -> int:
        """Units still promised."""
        return self.quantity - self.shipped - self.released
