"""A fake warehouse that implements the contracts catalog and stock on its own tables.

It joins the caller's transaction and decides with one guarded UPDATE, as the real one must, and
takes the same number of statements whatever the number of lines.
"""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_contracts.catalog import Catalog, Quote, QuoteLine, VariantUnavailable
from mercato_contracts.stock import InsufficientStock, ReservationGone, Shortage, Stock
from mercato_kit import db
from mercato_kit.db import locked, session
from mercato_kit.feature import Feature, Offer


class Base(DeclarativeBase):
    metadata = db.metadata("warehouse")
    type_annotation_map = db.TYPES


class Item(db.Identified, Base):
    """A variant for sale and its units in stock; None: stock is not tracked."""

    __tablename__ = "warehouse_item"
    __table_args__ = (
        sa.CheckConstraint("reserved >= 0 AND reserved <= in_stock", name="reserved_within_stock"),
    )

    sku: Mapped[str] = mapped_column(sa.String(50))
    unit_amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.CHAR(3), default="EUR")
    image_url: Mapped[str | None] = mapped_column(sa.String(200))
    requires_shipping: Mapped[bool] = mapped_column(default=True)
    in_stock: Mapped[int | None] = mapped_column()
    reserved: Mapped[int] = mapped_column(default=0)


class Reservation(Base):
    """Units reserved for a reference."""

    __tablename__ = "warehouse_reservation"

    reference: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(20))
    expires_at: Mapped[datetime | None]


class ReservationLine(Base):
    """Units of one variant in a reservation."""

    __tablename__ = "warehouse_reservation_line"

    reference: Mapped[UUID] = mapped_column(primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(primary_key=True)
    quantity: Mapped[int]


class WarehouseCatalog:
    """A fake of the contract catalog."""

    def quote(self, lines, currency, at):
        """Price all lines or none."""
        found = session.scalars(
            sa.select(Item).where(Item.id.in_(lines), Item.currency == currency)
        ).all()
        items = {item.id: item for item in found}
        if missing := lines.keys() - items.keys():
            raise VariantUnavailable(missing)
        quoted = tuple(_quote_line(items[variant_id]) for variant_id in lines)
        return Quote(quoted, currency, valid_until=at + timedelta(minutes=5))


def _quote_line(item: Item) -> QuoteLine:
    return QuoteLine(
        variant_id=item.id,
        product_id=item.id,
        sku=item.sku,
        name=f"Product {item.sku}",
        variant_name="Oak",
        unit_amount=item.unit_amount,
        image_url=item.image_url,
        requires_shipping=item.requires_shipping,
        available=None if item.in_stock is None else item.in_stock - item.reserved,
    )


class WarehouseStock:
    """A fake of the part of the contract stock that orders call."""

    transactional = True

    def reserve(self, reference, quantities, expires_at):
        """Reserve all units or none."""
        reservation = db.insert(Reservation).values(
            reference=reference, status="held", expires_at=expires_at
        )
        made = session.scalar(reservation.on_conflict_do_nothing().returning(Reservation.reference))
        if made is None:
            status = session.scalars(_status_of(reference)).one()
            return "released" if status == "released" else "already"
        self._take(quantities)
        session.execute(
            sa.insert(ReservationLine).values(
                [
                    {"reference": reference, "variant_id": variant_id, "quantity": quantity}
                    for variant_id, quantity in quantities.items()
                ]
            )
        )
        return "held"

    def _take(self, quantities):
        rows = sa.select(Item.id).where(Item.id.in_(quantities)).order_by(Item.id)
        session.execute(locked(rows)).all()
        wanted = sa.case(dict(quantities), value=Item.id)
        taken = session.scalars(
            sa.update(Item)
            .where(
                Item.id.in_(quantities),
                sa.or_(Item.in_stock.is_(None), Item.in_stock - Item.reserved >= wanted),
            )
            .values(reserved=Item.reserved + wanted)
            .returning(Item.id)
            .execution_options(synchronize_session=False)
        ).all()
        if missing := quantities.keys() - set(taken):
            left = session.execute(
                sa.select(Item.id, Item.in_stock - Item.reserved).where(Item.id.in_(missing))
            )
            raise InsufficientStock(
                [Shortage(variant_id, quantities[variant_id], free) for variant_id, free in left]
            )

    def extend(self, reference, until):
        """Extend a reservation."""
        return self._turn(reference, "held", expires_at=until)

    def commit(self, reference):
        """Commit a reservation."""
        return self._turn(reference, "committed", expires_at=None)

    def _turn(self, reference, status, **values):
        turned = session.scalar(
            sa.update(Reservation)
            .where(Reservation.reference == reference, Reservation.status.in_(("held", status)))
            .values(status=status, **values)
            .returning(Reservation.reference)
            .execution_options(synchronize_session=False)
        )
        return turned is not None

    def release(self, reference, lines=None):
        """Release a reservation; record an unknown reference as released."""
        reservation = db.insert(Reservation).values(reference=reference, status="released")
        tombstone = reservation.on_conflict_do_nothing().returning(Reservation.reference)
        if session.scalar(tombstone) is not None or not self._end(reference):
            return
        session.execute(
            sa.update(Item)
            .where(
                Item.id == ReservationLine.variant_id,
                ReservationLine.reference == reference,
            )
            .values(reserved=Item.reserved - ReservationLine.quantity)
            .execution_options(synchronize_session=False)
        )

    def _end(self, reference):
        ended = session.scalar(
            sa.update(Reservation)
            .where(Reservation.reference == reference, Reservation.status != "released")
            .values(status="released")
            .returning(Reservation.reference)
            .execution_options(synchronize_session=False)
        )
        return ended is not None

    def ship(self, reference, sequence, quantities):
        """Refuse: the fake does not support shipments."""
        raise ReservationGone(reference)

    def restock(self, reference, sequence, lines):
        """Refuse: the fake does not support returns."""
        raise ReservationGone(reference)


def _status_of(reference):
    return sa.select(Reservation.status).where(Reservation.reference == reference)


WAREHOUSE = Feature(
    name="warehouse",
    summary="A fake of catalog and stock.",
    metadata=Base.metadata,
    offers=[Offer(Catalog, "1.0", WarehouseCatalog), Offer(Stock, "1.0", WarehouseStock)],
)
