"""The tree of categories."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from mercato_kit.db import Aggregate
from mercato_products.models.base import Base
from mercato_products.models.products import Product


class Category(Base, Aggregate):
    """A shelf of the shop, inside another one or at the top."""

    __tablename__ = "products_category"
    __table_args__ = (
        sa.UniqueConstraint("handle"),
        sa.Index(None, "parent_id"),
        sa.Index(None, "path"),
    )

    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("products_category.id"))
    handle: Mapped[str] = mapped_column(sa.String(80))
    name: Mapped[str] = mapped_column(sa.String(200))
    path: Mapped[str] = mapped_column(
        sa.String(800), doc="Handles from the top down to this one, each with a slash behind it"
    )
    depth: Mapped[int] = mapped_column(default=0, doc="0 at the top")
    position: Mapped[int] = mapped_column(default=0, doc="Its place among its siblings")


class ProductCategory(Base):
    """A product stands in a category."""

    __tablename__ = "products_product_category"
    __table_args__ = (sa.Index(None, "product_id"),)

    category_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey(Category.id, ondelete="CASCADE"), primary_key=True
    )
    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Product.id), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
