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
from mercato_kit.privacy import PersonalData, columns


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
    on_its_way: Mapped[int] = mapped_column(default=0, doc="Units that cannot be shipped yet")


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
    shipped: Mapped[int] = mapped_column(default=0)
    released: Mapped[int] = mapped_column(default=0)
    restocked: Mapped[int] = mapped_column(default=0)


class Effect(Base):
    """A call that has had its effect."""

    __tablename__ = "warehouse_effect"

    reference: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)


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
    """A fake of the contract stock; the suite of the contract tests it."""

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
        """Change the status of a reservation that is not released."""
        turned = session.scalar(
            sa.update(Reservation)
            .where(Reservation.reference == reference, Reservation.status != "released")
            .values(status=status, **values)
            .returning(Reservation.reference)
            .execution_options(synchronize_session=False)
        )
        return turned is not None

    def ship(self, reference, sequence, quantities):
        """Take units of a committed reservation out of stock."""
        self._check_known(reference)
        if not _is_first(reference, "ship", sequence):
            return
        if session.scalar(_status_of(reference)) != "committed":
            raise ReservationGone(reference)
        self._check_arrived(quantities)
        units = _units(quantities)
        self._count(reference, quantities, units <= _LEFT, {"shipped": _LINE.shipped + units})
        self._move(quantities, in_stock=-1, reserved=-1)
        self._close(reference)

    def unship(self, reference, sequence, quantities):
        """Reserve units of a canceled fulfilment again."""
        self._check_known(reference)
        if not _is_first(reference, "unship", sequence):
            return
        units = _units(quantities)
        self._count(reference, quantities, units <= _AWAY, {"shipped": _LINE.shipped - units})
        self._move(quantities, in_stock=1, reserved=1)
        self._turn(reference, "committed")

    def restock(self, reference, sequence, lines):
        """Put shipped units into stock."""
        self._check_known(reference)
        if not _is_first(reference, "restock", sequence):
            return
        units = _units(lines)
        self._count(reference, lines, units <= _AWAY, {"restocked": _LINE.restocked + units})
        self._move(lines, in_stock=1)

    def release(self, reference, lines=None, sequence=0):
        """Release a reservation or units of it; record an unknown reference as released."""
        reservation = db.insert(Reservation).values(reference=reference, status="released")
        tombstone = reservation.on_conflict_do_nothing().returning(Reservation.reference)
        if session.scalar(tombstone) is not None:
            return
        if session.scalar(_status_of(reference)) not in ("held", "committed"):
            return
        if not _is_first(reference, "release all" if lines is None else "release", sequence):
            return
        of = sa.select(_LINE.variant_id, _LEFT).where(_LINE.reference == reference)
        left = dict(session.execute(of).all())
        units = left if lines is None else {key: min(lines.get(key, 0), left[key]) for key in left}
        units = {key: count for key, count in units.items() if count}
        if units:
            released = {"released": _LINE.released + _units(units)}
            self._count(reference, units, sa.true(), released)
            self._move(units, reserved=-1)
        self._close(reference)

    def _check_known(self, reference):
        if session.scalar(_status_of(reference)) is None:
            raise ReservationGone(reference)

    def _check_arrived(self, quantities):
        there = sa.select(Item.id, Item.in_stock - Item.on_its_way)
        found = session.execute(there.where(Item.id.in_(quantities), Item.on_its_way > 0))
        short = [Shortage(key, quantities[key], count) for key, count in found]
        if any(shortage.available < shortage.requested for shortage in short):
            raise InsufficientStock(short)

    def _count(self, reference, quantities, guard, values):
        """Count units of the lines of a reservation, all or none."""
        counted = session.scalars(
            sa.update(ReservationLine)
            .where(_LINE.reference == reference, _LINE.variant_id.in_(quantities), guard)
            .values(values)
            .returning(_LINE.variant_id)
            .execution_options(synchronize_session=False)
        ).all()
        if len(counted) < len(quantities):
            raise ReservationGone(reference)

    def _move(self, quantities, *, in_stock=0, reserved=0):
        """Add units to items, in stock and reserved."""
        units = sa.case(dict(quantities), value=Item.id)
        values = {"in_stock": Item.in_stock + in_stock * units}
        session.execute(
            sa.update(Item)
            .where(Item.id.in_(quantities))
            .values({**values, "reserved": Item.reserved + reserved * units})
            .execution_options(synchronize_session=False)
        )

    def _close(self, reference):
        """Close a reservation without units that are reserved."""
        of = sa.select(sa.func.sum(_LEFT), sa.func.sum(_LINE.shipped))
        left, shipped = session.execute(of.where(_LINE.reference == reference)).one()
        if not left:
            session.execute(
                sa.update(Reservation)
                .where(Reservation.reference == reference)
                .values(status="closed" if shipped else "released")
                .execution_options(synchronize_session=False)
            )


_LINE = ReservationLine
_LEFT = _LINE.quantity - _LINE.shipped - _LINE.released
_AWAY = _LINE.shipped - _LINE.restocked


def _units(quantities):
    return sa.case(dict(quantities), value=_LINE.variant_id)


def _is_first(reference, kind, sequence):
    effect = db.insert(Effect).values(reference=reference, kind=kind, sequence=sequence)
    made = effect.on_conflict_do_nothing().returning(Effect.reference)
    return session.scalar(made) is not None


def _status_of(reference):
    return sa.select(Reservation.status).where(Reservation.reference == reference)


WAREHOUSE = Feature(
    name="warehouse",
    summary="A fake of catalog and stock.",
    metadata=Base.metadata,
    personal_data=PersonalData(
        columns(none=[Item.sku, Item.currency, Item.image_url, Reservation.status, Effect.kind])
    ),
    offers=[Offer(Catalog, "1.0", WarehouseCatalog), Offer(Stock, "1.1", WarehouseStock)],
)
