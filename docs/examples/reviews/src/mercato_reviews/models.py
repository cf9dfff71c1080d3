"""Tables of reviews."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("reviews")
    type_annotation_map = db.TYPES


class Review(db.Aggregate, Base):
    """A customer's text about one variant.

    Ids of other features are plain columns: foreign keys do not cross features.
    """

    __tablename__ = "reviews_review"
    __table_args__ = (
        sa.UniqueConstraint("customer_id", "variant_id"),
        sa.Index(None, "customer_id", "created_at", "id"),
        sa.Index(None, "variant_id", "created_at", "id"),
    )

    customer_id: Mapped[UUID] = mapped_column(doc="The principal's sub")
    variant_id: Mapped[UUID]
    product_name: Mapped[str] = mapped_column(sa.String(300), doc="At the time of creation")
    text: Mapped[str] = mapped_column(sa.String(2000))


class Buyer(Base):
    """A customer with a paid order."""

    __tablename__ = "reviews_buyer"

    customer_id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=db.utc_now)
