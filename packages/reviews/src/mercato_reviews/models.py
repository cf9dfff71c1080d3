"""Tables of reviews: the reviews, and their number and sum by product."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mercato_kit import db


class Base(DeclarativeBase):
    """Base of the feature's tables."""

    metadata = db.metadata("reviews")
    type_annotation_map = db.TYPES


STATUSES = ("published", "hidden")


class Review(db.Aggregate, Base):
    """A customer's rating of a product, and what they write about it; one a customer and product.

    Ids of other features are plain columns: foreign keys do not cross features.
    """

    __tablename__ = "reviews_review"
    __table_args__ = (
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="rating_in_range"),
        sa.CheckConstraint("status IN ('published', 'hidden')", name="status_known"),
        sa.UniqueConstraint("author_id", "product_id"),
        sa.Index(None, "author_id", "created_at", "id"),
        sa.Index(None, "product_id", "status", "created_at", "id"),
        sa.Index(None, "product_id", "status", "rating", "id"),
        sa.Index(None, "status", "created_at", "id"),
        sa.Index(None, "status", "rating", "id"),
    )

    product_id: Mapped[UUID]
    author_id: Mapped[UUID] = mapped_column(doc="The principal's sub")
    author_name: Mapped[str | None] = mapped_column(sa.String(100), doc="As the author wants it")
    rating: Mapped[int] = mapped_column(doc="1 (worst) to 5 (best)")
    title: Mapped[str | None] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.String(5000))
    status: Mapped[str] = mapped_column(sa.String(20), default="published")
    hidden_reason: Mapped[str | None] = mapped_column(
        sa.String(500), doc="Why staff hid it, for its author"
    )


class Summary(Base):
    """Number and sum of the ratings of a product's published reviews."""

    __tablename__ = "reviews_summary"
    __table_args__ = (
        sa.CheckConstraint("count >= 0", name="count_not_negative"),
        sa.CheckConstraint("rating_sum BETWEEN count AND count * 5", name="rating_sum_in_range"),
    )

    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    count: Mapped[int]
    rating_sum: Mapped[int]
