"""Rows that lists read: copies of what they filter and sort by, so that a page is one seek."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from mercato_kit.db import Identified, sortable
from mercato_kit.text import SORT_KEY_LENGTH
from mercato_products.models.base import Base
from mercato_products.models.categories import Category
from mercato_products.models.products import Product


class CategoryListing(Base):
    """A product in the list of a category: one of its categories, or a category above one."""

    __tablename__ = "products_category_listing"
    __table_args__ = (
        # PostgreSQL truncates names at 63 characters, so long names are given explicitly.
        sa.Index(
            "ix_products_category_listing_created_at",
            "category_id",
            "status",
            "created_at",
            "product_id",
        ),
        sa.Index(
            "ix_products_category_listing_name", "category_id", "status", "name_key", "product_id"
        ),
        sa.Index(
            "ix_products_category_listing_in_stock_created_at",
            "category_id",
            "status",
            "in_stock",
            "created_at",
            "product_id",
        ),
        sa.Index(
            "ix_products_category_listing_in_stock_name",
            "category_id",
            "status",
            "in_stock",
            "name_key",
            "product_id",
        ),
        sa.Index(None, "product_id"),
    )

    category_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey(Category.id, ondelete="CASCADE"), primary_key=True
    )
    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Product.id), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(20), doc="The product's")
    created_at: Mapped[datetime] = mapped_column(doc="The product's")
    name_key: Mapped[str] = mapped_column(sortable(SORT_KEY_LENGTH), doc="The product's")
    in_stock: Mapped[bool] = mapped_column(doc="The product's")


class Relisting(Base, Identified):
    """Products whose rows in lists and in the search are written anew, batch by batch.

    The row is deleted with the last batch, so whatever ends a batch early, the next one goes on.
    """

    __tablename__ = "products_relisting"

    category_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey(Category.id, ondelete="CASCADE"),
        doc="The products that this category lists; None: all products",
    )
    unlink: Mapped[bool] = mapped_column(
        default=False, doc="Also take the products out of the category, and then remove it"
    )
    after: Mapped[UUID] = mapped_column(
        default=UUID(int=0), doc="The last product that is done; they are in the order of their ids"
    )


class CategoryPrice(Base):
    """The price range of a product in the list of a category, in one currency."""

    __tablename__ = "products_category_price"
    __table_args__ = (
        sa.Index(
            "ix_products_category_price_min_amount",
            "category_id",
            "currency",
            "status",
            "min_amount",
            "product_id",
        ),
        sa.Index(
            "ix_products_category_price_in_stock",
            "category_id",
            "currency",
            "status",
            "in_stock",
            "min_amount",
            "product_id",
        ),
        sa.Index(None, "product_id"),
    )

    category_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey(Category.id, ondelete="CASCADE"), primary_key=True
    )
    product_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Product.id), primary_key=True)
    currency: Mapped[str] = mapped_column(sa.CHAR(3), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(20), doc="The product's")
    in_stock: Mapped[bool] = mapped_column(doc="The product's")
    min_amount: Mapped[int] = mapped_column(sa.BigInteger, doc="Minor units")
    max_amount: Mapped[int] = mapped_column(sa.BigInteger, doc="Minor units")
