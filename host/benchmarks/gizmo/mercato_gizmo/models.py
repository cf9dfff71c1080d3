"""Tables: items, and the parts of each."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from mercato_kit import db


class Base(DeclarativeBase):
    """Of the feature's tables."""

    metadata = db.metadata("gizmo")
    type_annotation_map = db.TYPES


class Part(db.Identified, Base):
    """Something an item is made of."""

    __tablename__ = "gizmo_part"
    __table_args__ = (
        sa.UniqueConstraint("item_id", "label"),
        sa.CheckConstraint("quantity >= 1", name="quantity_positive"),
    )

    item_id: Mapped[UUID] = mapped_column(sa.ForeignKey("gizmo_item.id", ondelete="CASCADE"))
    label: Mapped[str] = mapped_column(sa.String(100))
    quantity: Mapped[int] = mapped_column(default=1)


class Item(db.Aggregate, Base):
    """Something with a code and an amount."""

    __tablename__ = "gizmo_item"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.Index(None, "status", "created_at"),
    )

    code: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(200))
    note: Mapped[str | None] = mapped_column(sa.String(1000))
    status: Mapped[str] = mapped_column(sa.String(20), default="open")
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.CHAR(3))
    owner_id: Mapped[UUID | None]
    parts: Mapped[list[Part]] = relationship(lazy="selectin", order_by=Part.label)
