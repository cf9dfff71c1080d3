"""Zones with their areas, methods and rates."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from mercato_kit import db
from mercato_kit.db import MAX_SAFE_INTEGER


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("shipping")
    type_annotation_map = db.TYPES


class Zone(db.Aggregate, Base):
    """Areas with the same methods. It is written as a whole, with all its parts."""

    __tablename__ = "shipping_zone"
    __table_args__ = (sa.UniqueConstraint("code"), sa.Index(None, "created_at", "id"))

    code: Mapped[str] = mapped_column(db.sortable(50))

    areas: Mapped[list["Area"]] = relationship(
        order_by="Area.country, Area.postal_prefix", cascade="all, delete-orphan"
    )
    methods: Mapped[list["Method"]] = relationship(
        order_by="Method.position", cascade="all, delete-orphan"
    )


class Area(Base):
    """A country, or the postal codes of one that begin alike; it belongs to one zone."""

    __tablename__ = "shipping_zone_area"
    __table_args__ = (
        sa.CheckConstraint("country <> '*' OR postal_prefix = ''", name="everywhere"),
        sa.Index(None, "zone_id"),
    )

    country: Mapped[str] = mapped_column(db.sortable(2), primary_key=True, doc="* for all others")
    postal_prefix: Mapped[str] = mapped_column(db.sortable(10), primary_key=True, default="")
    zone_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Zone.id))


class Method(db.Identified, Base):
    """A way to send goods into a zone."""

    __tablename__ = "shipping_zone_method"
    __table_args__ = (
        sa.UniqueConstraint("zone_id", "code"),
        sa.CheckConstraint("days_min >= 0", name="days_min"),
        sa.CheckConstraint("days_max >= coalesce(days_min, 0)", name="days_max"),
    )

    zone_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Zone.id))
    position: Mapped[int] = mapped_column(doc="Place in the list that customers see, from 0")
    code: Mapped[str] = mapped_column(sa.String(50))
    label: Mapped[str] = mapped_column(sa.String(100), doc="Its name, for customers")
    tax_code: Mapped[str | None] = mapped_column(sa.String(50))
    days_min: Mapped[int | None] = mapped_column(doc="Estimated days until delivery, at least")
    days_max: Mapped[int | None] = mapped_column(doc="Estimated days until delivery, at most")

    rates: Mapped[list["Rate"]] = relationship(
        order_by="Rate.position", cascade="all, delete-orphan"
    )


class Rate(Base):
    """The price of a method for baskets from an amount, up to a weight."""

    __tablename__ = "shipping_zone_rate"
    __table_args__ = (
        # PostgreSQL truncates names at 63 characters, so this one is given.
        sa.UniqueConstraint(
            "method_id",
            "currency",
            "from_amount",
            "up_to_grams",
            name="uq_shipping_zone_rate_bracket",
        ),
        sa.CheckConstraint(f"amount BETWEEN 0 AND {MAX_SAFE_INTEGER}", name="amount"),
        sa.CheckConstraint(f"from_amount BETWEEN 0 AND {MAX_SAFE_INTEGER}", name="from_amount"),
        sa.CheckConstraint("up_to_grams > 0", name="up_to_grams"),
    )

    method_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Method.id), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(sa.CHAR(3))
    from_amount: Mapped[int] = mapped_column(sa.BigInteger, default=0, doc="Minor units")
    up_to_grams: Mapped[int | None] = mapped_column(doc="Weight at most; null for any weight")
    amount: Mapped[int] = mapped_column(sa.BigInteger, doc="Price in minor units")
