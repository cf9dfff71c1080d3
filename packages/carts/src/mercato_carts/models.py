"""Tables of carts: carts and their lines."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from mercato_kit import db


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("carts")
    type_annotation_map = db.TYPES


STATUSES = ("open", "ordered", "merged")
_IS_OPEN = sa.text("status = 'open'")


class Cart(db.Aggregate, Base):
    """What a guest or a customer is about to buy. A customer has at most one that is open."""

    __tablename__ = "carts_cart"
    __table_args__ = (
        sa.CheckConstraint("status IN ('open', 'ordered', 'merged')", name="status_known"),
        sa.CheckConstraint(
            "(status = 'ordered') = (order_id IS NOT NULL)", name="order_of_an_ordered_cart"
        ),
        sa.CheckConstraint(
            "(status = 'merged') = (merged_into IS NOT NULL)", name="target_of_a_merged_cart"
        ),
        sa.Index(
            "uq_carts_cart_open",
            "customer_id",
            unique=True,
            postgresql_where=_IS_OPEN,
            sqlite_where=_IS_OPEN,
        ),
        sa.Index(None, "customer_id"),
        sa.Index(None, "merged_into"),
        sa.Index(None, "updated_at", "id"),
    )

    customer_id: Mapped[UUID | None] = mapped_column(doc="The principal's sub; None for a guest")
    guest_token_hash: Mapped[str | None] = mapped_column(sa.CHAR(64), doc="SHA-256, guests only")
    status: Mapped[str] = mapped_column(sa.String(20), default="open")
    currency: Mapped[str] = mapped_column(sa.CHAR(3), doc="ISO 4217")
    codes: Mapped[list[str]] = mapped_column(
        default=list, doc="Discount codes as they were entered, those that do not apply included"
    )
    order_id: Mapped[UUID | None] = mapped_column(doc="The order that was placed from it")
    merged_into: Mapped[UUID | None] = mapped_column(
        doc="The customer's cart that has its lines now; the customer may have others later"
    )
    abandoned_at: Mapped[datetime | None] = mapped_column(
        doc="When cart.abandoned was published; None after a change"
    )

    lines: Mapped[list["Line"]] = relationship(
        order_by="Line.id", lazy="selectin", cascade="all, delete-orphan"
    )


class Line(db.Identified, Base):
    """Units of one variant in a cart, with the price when it was added or changed last."""

    __tablename__ = "carts_line"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.UniqueConstraint("cart_id", "variant_id"),
    )

    cart_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Cart.id))
    product_id: Mapped[UUID]
    variant_id: Mapped[UUID]
    sku: Mapped[str] = mapped_column(sa.String(100))
    name: Mapped[str] = mapped_column(sa.String(300))
    variant_name: Mapped[str] = mapped_column(sa.String(300))
    image_url: Mapped[str | None] = mapped_column(sa.String(2000))
    quantity: Mapped[int]
    unit_amount: Mapped[int | None] = mapped_column(
        sa.BigInteger, doc="Minor units of the cart's currency; None if it had another one"
    )
